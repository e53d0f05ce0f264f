// Recognizes UTF-16 and UTF-32 text, with or without a byte order mark.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

struct WideEncoding {
  const char* name;   // for messages
  const char* iconv;  // for iconv
};

namespace text_form {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // of UTF-8

// The text without a byte order mark.
inline std::string_view without_mark(std::string_view text) {
  return text.substr(text.compare(0, byte_order_mark.size(), byte_order_mark) == 0 ? byte_order_mark.size() : 0);
}

// Detects the zero bytes of ASCII characters (spaces, digits, line ends), which text in any language contains.
inline const WideEncoding* without_a_mark(std::string_view head) {
  static constexpr WideEncoding little16{"UTF-16", "UTF-16LE"}, big16{"UTF-16", "UTF-16BE"},
      little32{"UTF-32", "UTF-32LE"}, big32{"UTF-32", "UTF-32BE"};
  head = head.substr(0, 4096);
  std::array<std::size_t, 4> zeros{};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 4] += head[i] == '\0' ? 1 : 0;
  const auto count = head.size() / 4;
  const auto some = [&](std::size_t number) { return number >= 2 && number * 25 >= count; };
  const auto all = [&](std::size_t number) { return number >= 2 && number >= count; };
  if (all(zeros[2]) && all(zeros[3]) && zeros[0] == 0) return &little32;
  if (all(zeros[0]) && all(zeros[1]) && zeros[3] == 0) return &big32;
  if (some(zeros[1] + zeros[3]) && zeros[0] + zeros[2] == 0) return &little16;
  if (some(zeros[0] + zeros[2]) && zeros[1] + zeros[3] == 0) return &big16;
  return nullptr;
}

// Returns nullptr if the text is not UTF-16 or UTF-32.
inline const WideEncoding* wide(std::string_view head) {
  using std::string_view_literals::operator""sv;
  static constexpr WideEncoding utf16{"UTF-16", "UTF-16"}, utf32{"UTF-32", "UTF-32"};
  const auto begins = [&](std::string_view mark) { return head.compare(0, mark.size(), mark) == 0; };
  if (begins("\xFF\xFE\0\0"sv) || begins("\0\0\xFE\xFF"sv)) return &utf32;
  if (begins("\xFF\xFE"sv) || begins("\xFE\xFF"sv)) return &utf16;
  return without_a_mark(head);
}

// Returns "this is text in UTF-16: convert it with ...", or an empty string if it is neither.
inline std::string complaint(const std::string& name, std::string_view head) {
  const auto* const encoding = wide(head);
  if (encoding == nullptr) return {};
  return std::string("this is text in ") + encoding->name + ": convert it with `iconv -f " + encoding->iconv +
         " -t UTF-8 " + name + "`";
}

}  // namespace text_form
