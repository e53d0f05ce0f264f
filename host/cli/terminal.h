// How text reaches a person: escaped where it came from outside, coloured where that is wanted.
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

// --color wins over NO_COLOR (no-color.org), that over CLICOLOR_FORCE, that over whether `stream` is a terminal.
bool wants_color(ColorMode mode, std::FILE* stream);

bool is_terminal(std::FILE* stream);
// Whether a line may be written over there: a terminal that knows how (TERM=dumb does not).
bool can_redraw(std::FILE* stream);

// Writes text. What cannot be written is lost: a terminal that is gone and a full disk are no reason to end a run.
void put(std::FILE* stream, std::string_view text) noexcept;

// Text for one stream, coloured or not. Its colours are marks that show() turns into a terminal's codes, and that no
// text from outside can contain.
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

// Text of which the line ends are meant: a page, a table, a message with lines below it.
struct Lines {
  std::string_view text;
};

// As show() prints it: Paint's marks become colours, and everything else goes through binade::printable().
std::string shown(std::string_view text);
std::string shown(Lines lines);

// A message that may have lines below its first, which are indented where they are not: what a file or a plugin says
// cannot look like another message.
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

// fmt::print(), with shown() around each argument that is text. All that `binade` prints goes through here, or through
// the functions below, but for what the crash handler writes and what `export` streams.
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

// One message of the host's log, on standard error: "warning: ...". Erases a live line of the terminal first.
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
