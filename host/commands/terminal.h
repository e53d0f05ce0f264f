// How text reaches a person: colours where they are wanted, and the columns of a report.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace binade::host {

enum class ColorMode { automatic, always, never };

// --color wins over NO_COLOR (no-color.org), that over CLICOLOR_FORCE, that over whether `stream` is a terminal.
bool wants_color(ColorMode mode, std::FILE* stream);

bool is_terminal(std::FILE* stream);
// Whether a line may be written over there: a terminal that knows how (TERM=dumb does not).
bool can_redraw(std::FILE* stream);

// Writes text. What cannot be written is lost: a terminal that is gone and a full disk are no reason to end a run.
void put(std::FILE* stream, std::string_view text) noexcept;

// Text for one stream, coloured or not.
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

// One line of the host's log, on standard error: "warning: ...". Erases a live line of the terminal first.
void log_line(ColorMode mode, int level /* BINADE_LOG_* */, std::string_view text);

// 1234567 -> "1.23 M"
std::string short_number(double number);
// 75.4 -> "1 min 15 s"
std::string short_duration(double seconds);

}  // namespace binade::host
