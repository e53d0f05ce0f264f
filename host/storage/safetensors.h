// Reads and writes the safetensors format (8 bytes of header length, a JSON header, the data), as defined by
// github.com/huggingface/safetensors.
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

// Writes the file atomically and durably, like AtomicFile. Throws std::system_error that names the file; then an
// existing file is unchanged (unless only syncing the folder failed: then the new file is in place but may not survive
// a power failure). Throws std::invalid_argument and writes nothing if a name occurs twice, bytes and shape disagree,
// or the header would exceed 16 MiB. Tensors are in the given order, without gaps, the first one at a multiple of 64
// bytes; equal arguments give equal bytes.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata);

// Writes the same bytes to a sink.
using ByteSink = std::function<void(const void* data, std::size_t bytes)>;
void write_safetensors(const ByteSink& sink, const std::vector<TensorBytes>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace binade::host
