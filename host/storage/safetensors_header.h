// The JSON header of a safetensors file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace binade::host {

struct SafetensorsEntry {
  std::string name, dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  // in the data
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the order of the text
  std::map<std::string, std::string> metadata;
};

// Safe for untrusted text: throws std::runtime_error that describes the error unless it is valid. Rejects duplicate
// keys, because JSON parsers differ in which one they use. Takes linear time and memory.
SafetensorsHeader parse_safetensors_header(std::string_view text);

// Throws std::runtime_error with "is not a safetensors file: " and `what`.
[[noreturn]] void refuse_safetensors(const std::string& what);

// Makes an untrusted name safe for such a message: truncates it and replaces control characters.
std::string shown(std::string name);

}  // namespace binade::host
