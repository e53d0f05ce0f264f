// Reads safetensors files, which anyone may have written: each number is checked before it is used.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/storage/safetensors.h"

namespace binade::host {

// A file in memory, and where its tensors lie in it: their `data` may have any alignment, and lives as long as this.
struct SafetensorsFile {
  std::string bytes;
  std::vector<TensorBytes> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;

  SafetensorsFile() = default;
  SafetensorsFile(SafetensorsFile&&) = default;  // a moved string of this length keeps its memory
  SafetensorsFile& operator=(SafetensorsFile&&) = default;
};

// Takes anything for `bytes`, and believes nothing in it: throws std::runtime_error that says what is wrong unless the
// header is JSON of the format's form, with known types, and the tensors cover the data exactly, each byte once.
SafetensorsFile parse_safetensors(std::string bytes);
// Throws std::runtime_error naming the file, also when it cannot be read.
SafetensorsFile read_safetensors(const std::filesystem::path& path);

}  // namespace binade::host
