// The header lists the tensors in the given order; their data follows in that order without gaps.
#include "host/storage/safetensors.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string_view>

#include "host/base/atomic_file.h"
#include "host/storage/safetensors_types.h"

namespace binade::host {
namespace {

SafetensorsType type_of(std::uint32_t dtype) {
  for (const auto& type : safetensors_types) {
    if (type.dtype == dtype) return type;
  }
  throw std::invalid_argument("element type " + std::to_string(dtype) + " is unknown");
}

void check(const TensorBytes& tensor, std::set<std::string_view>& names) {
  if (tensor.name == "__metadata__" || !names.insert(tensor.name).second) {
    throw std::invalid_argument("the name is already used: give each tensor its own name");
  }
  std::uint64_t expected = type_of(tensor.dtype).bytes;
  for (const auto extent : tensor.shape) {
    if (extent < 0 || __builtin_mul_overflow(expected, static_cast<std::uint64_t>(extent), &expected)) {
      throw std::invalid_argument("its shape is invalid");
    }
  }
  if (tensor.bytes != expected) {
    throw std::invalid_argument(std::to_string(tensor.bytes) + " bytes were given, but its shape and type need " +
                                std::to_string(expected));
  }
}

// Written by hand, because the JSON library takes quadratic time in the number of tensors.
std::string make_header(const std::vector<TensorBytes>& tensors, const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += "\"__metadata__\":" + nlohmann::json(metadata).dump();
  std::set<std::string_view> names;
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    try {
      check(tensor, names);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("safetensors: tensor `" + tensor.name + "`: " + error.what());
    }
    text += fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", text.size() > 1 ? "," : "",
                        nlohmann::json(tensor.name).dump(), type_of(tensor.dtype).name, fmt::join(tensor.shape, ","),
                        offset, offset + tensor.bytes);
    offset += tensor.bytes;
  }
  text += "}";
  if (text.size() > max_safetensors_header_bytes) {
    throw std::invalid_argument("safetensors: too many tensors: their names and shapes need " +
                                std::to_string(text.size()) + " bytes");
  }
  constexpr std::size_t alignment = 64, length_bytes = 8;
  text.append((alignment - (length_bytes + text.size()) % alignment) % alignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const ByteSink& sink, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const auto header = make_header(tensors, metadata);
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  sink(length.data(), length.size());
  sink(header.data(), header.size());
  for (const auto& tensor : tensors) sink(tensor.data, tensor.bytes);
}

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  make_header(tensors, metadata);  // throws before the file is created
  AtomicFile file(path);
  write_safetensors([&](const void* data, std::size_t bytes) { file.write(data, bytes); }, tensors, metadata);
  file.commit();
}

}  // namespace binade::host
