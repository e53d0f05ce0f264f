// Strict UTF-8 decoding: rejects overlong forms, surrogates and everything above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct CodePoint {
  std::uint32_t value;
  std::size_t size;  // in bytes, 1 to 4; 0 if the sequence is invalid
};

inline CodePoint decode_utf8(std::string_view text, std::size_t position) {
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<unsigned char>(text[position]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
  if (size == 0 || size > text.size() - position) return {0, 0};
  std::uint32_t value = lead & (0x7Fu >> size);
  for (std::size_t byte = 1; byte < size; ++byte) {
    const auto next = static_cast<unsigned char>(text[position + byte]);
    if ((next & 0xC0u) != 0x80u) return {0, 0};
    value = value << 6 | (next & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < smallest[size] || value > 0x10FFFF || surrogate) return {0, 0};
  return {value, size};
}
