// Writes tensors in the safetensors format (8 bytes of header length, a JSON header, the data), as
// github.com/huggingface/safetensors defines it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace binade::host {

struct TensorBytes {
  std::string name;
  std::uint32_t dtype;  // BINADE_UINT8 ...
  std::vector<std::int64_t> shape;
  const void* data;  // C-contiguous
  std::uint64_t bytes;
};

// Writes to a temporary file beside `path`, syncs it, renames it, syncs the folder. Throws std::system_error naming the
// file; then nothing is left behind and an older `path` is as it was. The data begins at a multiple of 64 bytes.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace binade::host
