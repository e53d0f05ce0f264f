#include "host/cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "binade/abi/plugin.h"

namespace binade::host {
namespace {

// Precedes a colour's code. Random in each process, so that no input can contain it.
const std::string& mark() {
  static const std::string mark = [] {
    std::random_device random;
    return fmt::format("\x1b<{:08x}{:08x}>", random(), random());
  }();
  return mark;
}

std::string shown(std::string_view text, std::string (*escape)(std::string_view)) {
  std::string out;
  for (;;) {
    const auto at = text.find(mark());
    out += escape(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    const auto end = text.find('m', at + mark().size());
    if (end == std::string_view::npos) return out;  // cut off by a table column
    out += fmt::format("\x1b[{}m", text.substr(at + mark().size(), end - at - mark().size()));
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string shown(std::string_view text) { return shown(text, printable); }

std::string shown(Lines lines) { return shown(lines.text, printable_lines); }

std::string shown_message(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  bool line_begins = false;
  for (const char c : shown(Lines{text})) {
    if (line_begins && c != ' ' && c != '\n') out += "  ";
    line_begins = c == '\n';
    out += c;
  }
  return out;
}

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) != 0; }

bool can_redraw(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return is_terminal(stream) && (term == nullptr || std::string_view(term) != "dumb");
}

void put(std::FILE* stream, std::string_view text) noexcept {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

bool wants_color(ColorMode mode, std::FILE* stream) {
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (set("NO_COLOR")) return false;
  if (set("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0") return true;
  return can_redraw(stream);
}

std::string Paint::paint(std::string_view code, std::string_view text) const {
  return color_ ? fmt::format("{0}{1}m{2}{0}0m", mark(), code, text) : std::string(text);
}

void log_line(ColorMode mode, int level, std::string_view text) {
  const Paint paint(wants_color(mode, stderr));
  std::string head;
  if (level == BINADE_LOG_DEBUG) head = paint.dim("debug");
  if (level == BINADE_LOG_INFO) head = paint.bold("note");
  if (level == BINADE_LOG_WARNING) head = paint.yellow("warning");
  if (level == BINADE_LOG_ERROR) head = paint.red("error");
  put(stderr, fmt::format("{}{}: {}\n", can_redraw(stderr) ? "\r\x1b[K" : "", shown(head), shown_message(text)));
}

std::string short_number(double number) {
  constexpr std::array<const char*, 4> units{"", " k", " M", " G"};
  std::size_t unit = 0;
  while (std::abs(number) >= 999.5 && unit + 1 < units.size()) {
    number /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.4g}", number) : fmt::format("{:.3g}{}", number, units[unit]);
}

std::string short_duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace binade::host
