// Reads safetensors files, which may be untrusted.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/storage/safetensors.h"

namespace binade::host {

// A file in memory. The tensors' `data` points into it, with any alignment, and is valid as long as this object.
struct SafetensorsFile {
  std::string bytes;
  std::vector<TensorBytes> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;

  SafetensorsFile() = default;
  SafetensorsFile(SafetensorsFile&&) = default;  // moving a long string keeps its memory
  SafetensorsFile& operator=(SafetensorsFile&&) = default;
};

// Safe for untrusted `bytes`. Throws std::runtime_error that describes the error unless the header is valid JSON of
// this format, all types are known, and the tensors cover the data exactly, each byte once.
SafetensorsFile parse_safetensors(std::string bytes);
// Throws std::runtime_error that names the file if it cannot be read or is invalid.
SafetensorsFile read_safetensors(const std::filesystem::path& path);

}  // namespace binade::host
