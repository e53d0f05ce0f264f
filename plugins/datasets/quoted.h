// Formats an excerpt of a file for a message.
#pragma once

#include <binade/printable.h>

#include <string>
#include <string_view>

// Returns the text in quotes, printable (a NUL would end the message), and truncated at a UTF-8 boundary.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t most = 40;
  if (text.size() > most) {
    std::size_t end = most;
    while (end > most - 4 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text = text.substr(0, end);
  }
  return std::string("\"").append(binade::printable(text)).append("\"");
}
