// Makes untrusted text safe to print. Host and plugins use it for text from files, names and other programs, which
// could otherwise control the terminal or break a line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace binade {
namespace detail {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  // bytes; 0: the text does not begin with valid UTF-8
};

// Strict: rejects overlong forms, surrogates and everything above U+10FFFF.
inline CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return {};
  std::uint32_t value = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  const std::uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least || value > 0x10FFFF || surrogate) return {};
  return {value, size};
}

// True for control characters (C0, DEL, C1), line separators (U+2028, U+2029), characters that change the reading order
// (bidirectional marks, embeddings, overrides and isolates) and noncharacters.
inline bool steers(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c >= 0xFDD0 && c <= 0xFDEF) ||
         c == 0xFFFE || c == 0xFFFF;
}

// The escape is valid in TOML and JSON.
inline std::string escape_of(std::uint32_t c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  char text[16];
  std::snprintf(text, sizeof(text), "\\u%04x", static_cast<unsigned>(c));
  return text;
}

inline std::string printable(std::string_view text, bool keeps_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [value, size] = first_code_point(text);
    if (size == 0) {
      char byte[8];
      std::snprintf(byte, sizeof(byte), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
      out += byte;
      text.remove_prefix(1);
      continue;
    }
    if (steers(value) && !(keeps_lines && value == '\n')) {
      out += escape_of(value);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace detail

// Returns one line of valid UTF-8 without control characters: those are escaped as "\n" or "\u001b", bytes that are not
// UTF-8 as "\xff". All other text is unchanged.
inline std::string printable(std::string_view text) { return detail::printable(text, false); }

// The same, but keeps line breaks.
inline std::string printable_lines(std::string_view text) { return detail::printable(text, true); }

}  // namespace binade
