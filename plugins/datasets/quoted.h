// A piece of a file in a message.
#pragma once

#include <binade/printable.h>

#include <string>
#include <string_view>

// In quotes and as it may be shown, and cut short, but never within a UTF-8 sequence.
// A NUL would end the message that it stands in.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t most = 40;
  if (text.size() > most) {
    std::size_t end = most;
    while (end > most - 4 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text = text.substr(0, end);
  }
  return std::string("\"").append(binade::printable(text)).append("\"");
}
