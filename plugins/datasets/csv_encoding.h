// The encoding of a part of a CSV file: checks UTF-8, and converts Latin-1 to it.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "utf8.h"

class CsvEncoding {
 public:
  // `file` is named in messages.
  CsvEncoding(std::string file, bool latin1) : file_(std::move(file)), latin1_(latin1) {}

  // Returns the text as UTF-8; `room` may hold it. The text begins on line `line`. Throws binade::Failure
  // (BINADE_BAD_DATA) for a NUL byte or invalid UTF-8.
  std::string_view decoded(std::string_view text, std::uint64_t line, std::string& room) const {
    if (const auto zero = text.find('\0'); zero != text.npos) {
      fail(text, zero, line, "contains a NUL byte: this is not a text file, or it is damaged");
    }
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::all_of(text.begin(), text.end(), is_ascii)) return text;
    if (latin1_) {
      room.reserve(text.size() + text.size() / 8);
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) room.push_back(static_cast<char>(0xC0u | byte >> 6u));
        room.push_back(static_cast<char>(byte < 0x80 ? byte : 0x80u | (byte & 0x3Fu)));
      }
      return room;
    }
    for (std::size_t at = 0; at < text.size();) {
      const auto size = is_ascii(text[at]) ? 1 : decode_utf8(text, at).size;
      if (size == 0) {
        fail(text, at, line,
             "is not valid UTF-8: set encoding = \"latin-1\" if the file is in Latin-1 or Windows-1252, or convert it "
             "with `iconv`; or the file is damaged");
      }
      at += size;
    }
    return text;
  }

 private:
  [[noreturn]] void fail(std::string_view text, std::size_t at, std::uint64_t line, const char* reason) const {
    line += static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    throw binade::Failure(BINADE_BAD_DATA, file_ + ":" + std::to_string(line) + ": " + reason);
  }

  std::string file_;
  bool latin1_;
};
