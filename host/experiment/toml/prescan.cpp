#include "host/experiment/toml/prescan.h"

#include <vector>

namespace binade::host {
namespace {

constexpr std::size_t max_bytes = 1 << 20;
constexpr std::size_t max_depth = 16;
constexpr int max_dots = 64;

// Returns the length in bytes of the UTF-8 sequence at the beginning of `text`, or 0 when it is not valid.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_high = first == 0xF4 && byte(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

bool begins_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '"' || c == '\'';
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::optional<SyntaxError> run() {
    while (at_ < text_.size() && !error_) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        string(c);
      } else if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n' && !error_) step();
      } else {
        punctuation(c);
      }
    }
    return error_;
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  void fail(std::string message) {
    if (!error_) error_ = SyntaxError{std::move(message), line_, column_};
  }

  // Skips one code point.
  void step() {
    const bool line_end = text_[at_] == '\n';
    const auto length = utf8_length(rest());
    if (length == 0) return fail("this byte is not UTF-8: save the file as UTF-8");
    at_ += length;
    ++column_;
    if (line_end) {
      ++line_;
      column_ = 1;
    }
  }
  void step(std::size_t count) {
    while (count-- > 0 && at_ < text_.size() && !error_) step();
  }

  // Skips a string with its quotes. Leaves an unclosed string to the parser.
  void string(char quote) {
    statement_begins_ = false;
    const std::string three(3, quote);
    const bool multi_line = rest().starts_with(three);
    step(multi_line ? 3 : 1);
    while (at_ < text_.size() && !error_) {
      const char c = text_[at_];
      if (c == '\n' && !multi_line) return;
      if (c == '\\' && quote == '"') {
        step(2);
      } else if (c == quote && !multi_line) {
        return step();
      } else if (multi_line && rest().starts_with(three)) {
        step(3);
        for (int extra = 0; extra < 2 && at_ < text_.size() && text_[at_] == quote; ++extra) step();
        return;
      } else {
        step();
      }
    }
  }

  void punctuation(char c) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      return fail(utf8_length(rest()) == 0 ? "this byte is not UTF-8: save the file as UTF-8"
                                           : "characters beyond ASCII must be in quotes");
    }
    if (c == '.' && ++dots_ > max_dots) return fail("the key has too many parts");
    if (c == '=' || c == ',' || c == '[' || c == '{' || c == '\n') dots_ = 0;
    if (c == '[' && statement_begins_ && brackets_.empty()) header();
    if (c == '[' || c == '{') open(c);
    if (c == ']' || c == '}') close(c);
    if (c == '=' && !brackets_.empty() && brackets_.back().opening == '[') {
      return fail("a `=` is not allowed in an array: the `[` of line " + std::to_string(brackets_.back().line) +
                  " is not closed");
    }
    if (c == '\n') {
      // The parser reports a header or an inline table that is not closed in its line.
      if (in_header_ || (!brackets_.empty() && brackets_.back().opening == '{')) brackets_.clear();
      in_header_ = false;
      statement_begins_ = true;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      statement_begins_ = false;
    }
    step();
  }

  // toml++ assumes that a key follows.
  void header() {
    auto next = at_ + 1;
    if (next < text_.size() && text_[next] == '[') ++next;
    next = text_.find_first_not_of(" \t", next);
    if (next == std::string_view::npos || !begins_key(text_[next])) fail("a section needs a name: [name]");
    in_header_ = true;
  }

  void open(char c) {
    if (brackets_.size() == max_depth) return fail("the values are nested too deeply");
    brackets_.push_back({c, line_});
  }

  void close(char c) {
    const char opening = c == ']' ? '[' : '{';
    if (brackets_.empty()) return;
    if (brackets_.back().opening != opening) {
      return fail(opening == '[' ? "expected `}`, saw `]`" : "expected `]`, saw `}`");
    }
    brackets_.pop_back();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
  int dots_ = 0;
  bool statement_begins_ = true, in_header_ = false;
  struct Bracket {
    char opening;
    std::uint32_t line;
  };
  std::vector<Bracket> brackets_;
  std::optional<SyntaxError> error_;
};

}  // namespace

std::optional<SyntaxError> prescan(std::string_view text) {
  if (text.size() > max_bytes) return SyntaxError{"the text is larger than 1 MiB", 0, 0};
  return Scan(text).run();
}

}  // namespace binade::host
