// Tensors in the safetensors format (8 bytes of header length, a JSON header, the data), as
// github.com/huggingface/safetensors defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
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
// file; then nothing is left behind and an older `path` is as it was (only when the folder could not be synced is the
// new file in place, and may not survive a power cut). Throws std::invalid_argument, and writes nothing, when a name
// comes twice, bytes and shape disagree, or the header would be longer than 16 MiB. Tensors lie in the order given,
// without gaps, the first one at a multiple of 64 bytes; the same arguments give the same bytes.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata);

// The same bytes, piece by piece.
using ByteSink = std::function<void(const void* data, std::size_t bytes)>;
void write_safetensors(const ByteSink& sink, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace binade::host
