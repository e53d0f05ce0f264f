// The header lists the tensors in the order given, and their data follow in that order without a gap.
#include "host/storage/safetensors.h"

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string_view>

#include "binade/abi/tensor.h"
#include "host/storage/atomic_file.h"

namespace binade::host {
namespace {

struct Type {
  std::string_view name;
  std::uint64_t bytes;
};

Type type_of(std::uint32_t dtype) {
  switch (dtype) {
    case BINADE_UINT8:
      return {"U8", 1};
    case BINADE_INT8:
      return {"I8", 1};
    case BINADE_INT16:
      return {"I16", 2};
    case BINADE_INT32:
      return {"I32", 4};
    case BINADE_INT64:
      return {"I64", 8};
    case BINADE_FLOAT16:
      return {"F16", 2};
    case BINADE_BFLOAT16:
      return {"BF16", 2};
    case BINADE_FLOAT32:
      return {"F32", 4};
    case BINADE_FLOAT64:
      return {"F64", 8};
    case BINADE_BOOL:
      return {"BOOL", 1};
    default:
      throw std::invalid_argument("element type " + std::to_string(dtype) + " is unknown");
  }
}

void check(const TensorBytes& tensor, std::set<std::string_view>& names) {
  if (tensor.name == "__metadata__" || !names.insert(tensor.name).second) {
    throw std::invalid_argument("the name is taken: give each tensor its own");
  }
  std::uint64_t expected = type_of(tensor.dtype).bytes;
  for (const auto extent : tensor.shape) {
    if (extent < 0 || __builtin_mul_overflow(expected, static_cast<std::uint64_t>(extent), &expected)) {
      throw std::invalid_argument("its shape is no shape");
    }
  }
  if (tensor.bytes != expected) {
    throw std::invalid_argument(std::to_string(tensor.bytes) + " bytes were given, its shape and type take " +
                                std::to_string(expected));
  }
}

std::string make_header(const std::vector<TensorBytes>& tensors, const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string_view> names;
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors) {
    try {
      check(tensor, names);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("safetensors: tensor `" + tensor.name + "`: " + error.what());
    }
    auto& entry = header[tensor.name];
    entry["dtype"] = type_of(tensor.dtype).name;
    entry["shape"] = tensor.shape;
    entry["data_offsets"] = {offset, offset + tensor.bytes};
    offset += tensor.bytes;
  }
  auto text = header.dump();
  constexpr std::size_t alignment = 64, length_bytes = 8;
  text.append((alignment - (length_bytes + text.size()) % alignment) % alignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const auto header = make_header(tensors, metadata);
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<unsigned char>(header.size() >> (8 * i));

  AtomicFile file(path);
  file.write(length.data(), length.size());
  file.write(header.data(), header.size());
  for (const auto& tensor : tensors) file.write(tensor.data, tensor.bytes);
  file.commit();
}

}  // namespace binade::host
