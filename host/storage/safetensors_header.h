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

// Believes nothing: throws std::runtime_error that says what is wrong with anything but the format's own form. No key
// may come twice, as JSON's readers differ in which of the two they believe. Time and memory grow with the text.
SafetensorsHeader parse_safetensors_header(std::string_view text);

// Throws std::runtime_error: "is not a safetensors file: " and `what`.
[[noreturn]] void refuse_safetensors(const std::string& what);

// A name for such a message: what anyone wrote may be long, and must not steer a terminal.
std::string shown(std::string name);

}  // namespace binade::host
