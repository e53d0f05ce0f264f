// Prints text for people: escaped where it comes from outside, coloured where that is wanted.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "binade/printable.h"

namespace binade::host {

enum class ColorMode { automatic, always, never };

// In order of precedence: --color, NO_COLOR (no-color.org), CLICOLOR_FORCE, whether `stream` is a terminal.
bool wants_color(ColorMode mode, std::FILE* stream);

bool is_terminal(std::FILE* stream);
// Whether a line can be redrawn on `stream`: a terminal other than TERM=dumb.
bool can_redraw(std::FILE* stream);

// Writes text. Ignores errors: a closed terminal or a full disk must not end a run.
void put(std::FILE* stream, std::string_view text) noexcept;

// Colours text for one stream, or not. Its colours are marks that show() turns into terminal codes; text from outside
// cannot contain them.
class Paint {
 public:
  explicit Paint(bool color) : color_(color) {}
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("1;31", text); }
  std::string yellow(std::string_view text) const { return paint("1;33", text); }
  std::string green(std::string_view text) const { return paint("32", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
  bool color_;
};

// Text that keeps its line ends: a page, a table, a message with lines below it.
struct Lines {
  std::string_view text;
};

// Returns text as show() prints it: Paint's marks become colours, everything else passes through binade::printable().
std::string shown(std::string_view text);
std::string shown(Lines lines);

// A message of one or more lines. Indents all lines after the first, so that text from a file or a plugin cannot look
// like another message.
std::string shown_message(std::string_view text);

namespace printing {

template <class T>
auto as_shown(const T& value) {
  if constexpr (std::is_same_v<T, Lines> || std::is_convertible_v<const T&, std::string_view>) {
    return shown(value);
  } else {
    return value;
  }
}

}  // namespace printing

// fmt::print() with shown() around each text argument. Everything that `binade` prints must go through this function or
// those below, except for the crash handler and `export`.
template <class... Args>
void show(std::FILE* stream, fmt::format_string<Args...> format, const Args&... args) {
  const auto print = [&](const auto&... values) {
    put(stream, fmt::vformat(format, fmt::make_format_args(values...)));
  };
  std::apply(print, std::make_tuple(printing::as_shown(args)...));
}
template <class... Args>
void show(fmt::format_string<Args...> format, const Args&... args) {
  show<Args...>(stdout, format, args...);
}

// Prints one log message on standard error: "warning: ...". Erases the terminal's live line first.
void log_line(ColorMode mode, int level /* BINADE_LOG_* */, std::string_view text);

// 1234567 -> "1.23 M"
std::string short_number(double number);
// 75.4 -> "1 min 15 s"
std::string short_duration(double seconds);

}  // namespace binade::host

template <>
struct fmt::formatter<binade::host::Lines> : fmt::formatter<std::string_view> {
  auto format(binade::host::Lines lines, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(lines.text, context);
  }
};
