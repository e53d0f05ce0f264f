// Reads untrusted files: checks each number before using it.
#include "host/storage/safetensors_reading.h"

#include <algorithm>
#include <stdexcept>

#include "host/base/read_file.h"
#include "host/storage/safetensors_header.h"
#include "host/storage/safetensors_types.h"

namespace binade::host {
namespace {

constexpr std::size_t length_bytes = 8;

const SafetensorsType& type_named(const std::string& name) {
  const auto* const found = std::find_if(safetensors_types.begin(), safetensors_types.end(),
                                         [&](const auto& type) { return type.name == name; });
  if (found == safetensors_types.end()) refuse_safetensors("a tensor's dtype is unknown: " + shown(name));
  return *found;
}

TensorBytes tensor_of(const SafetensorsEntry& entry, const char* data, std::uint64_t data_bytes) {
  const auto& type = type_named(entry.dtype);
  TensorBytes tensor{entry.name, type.dtype, {}, nullptr, type.bytes};
  for (const auto extent : entry.shape) {
    if (extent > static_cast<std::uint64_t>(INT64_MAX) || __builtin_mul_overflow(tensor.bytes, extent, &tensor.bytes)) {
      refuse_safetensors(shown(entry.name) + " is larger than the address space");
    }
    tensor.shape.push_back(static_cast<std::int64_t>(extent));
  }
  if (entry.end < entry.begin || entry.end > data_bytes)
    refuse_safetensors(shown(entry.name) + " lies outside the file");
  if (entry.end - entry.begin != tensor.bytes)
    refuse_safetensors(shown(entry.name) + " does not have the number of bytes that its shape needs");
  tensor.data = data + entry.begin;
  return tensor;
}

}  // namespace

SafetensorsFile parse_safetensors(std::string bytes) {
  if (bytes.size() < length_bytes) refuse_safetensors("it ends before its header");
  std::uint64_t header_bytes = 0;
  for (std::size_t i = length_bytes; i-- > 0;) header_bytes = header_bytes << 8 | static_cast<unsigned char>(bytes[i]);
  if (header_bytes > max_safetensors_header_bytes || header_bytes > bytes.size() - length_bytes)
    refuse_safetensors("it ends within its header");

  SafetensorsFile file;
  file.bytes = std::move(bytes);
  const char* header = file.bytes.data() + length_bytes;
  const char* data = header + header_bytes;
  const auto data_bytes = file.bytes.size() - length_bytes - header_bytes;
  auto entries = parse_safetensors_header({header, static_cast<std::size_t>(header_bytes)});
  file.metadata = std::move(entries.metadata);
  std::sort(entries.tensors.begin(), entries.tensors.end(),
            [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t next = 0;
  for (const auto& entry : entries.tensors) {
    file.tensors.push_back(tensor_of(entry, data, data_bytes));
    if (entry.begin != next) refuse_safetensors(shown(entry.name) + " does not begin where the previous tensor ends");
    next = entry.end;
  }
  if (next != data_bytes) refuse_safetensors("it has data that does not belong to a tensor");
  return file;
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  auto bytes = read_file(path);
  try {
    return parse_safetensors(std::move(bytes));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(path.string() + " " + error.what());
  }
}

}  // namespace binade::host
