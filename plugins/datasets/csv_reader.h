// Reads records of CSV text as in RFC 4180. Lines may end with \r\n or \n; empty lines are skipped.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

// Returns where the record that begins at `at` ends, after its line end; npos if the text ends before.
inline std::size_t record_end(std::string_view text, std::size_t at, char delimiter) {
  for (;;) {  // at the start of a field
    if (at < text.size() && text[at] == '"') {
      for (;;) {
        at = text.find('"', at + 1);
        if (at == text.npos) return text.npos;
        if (text.compare(at + 1, 1, "\"") != 0) break;
        ++at;
      }
      ++at;
    }
    while (at < text.size() && text[at] != delimiter && text[at] != '\n') ++at;
    if (at == text.size()) return text.npos;
    if (text[at++] == '\n') return at;
  }
}

// A record whose fields cannot be separated. The reader can go on after it.
struct MalformedRecord : binade::Failure {
  using binade::Failure::Failure;
};

class CsvReader {
 public:
  // `name` is used in messages. `text` must outlive the reader and its fields, and begins on line `line` of the file.
  CsvReader(std::string_view text, char delimiter, std::string name, std::uint64_t line = 1)
      : text_(text), delimiter_(delimiter), name_(std::move(name)), line_(line), next_line_(line) {}

  // Reads the next record, without quotes. Returns false at the end. The fields are valid until the next call.
  // Throws MalformedRecord (BINADE_BAD_DATA), or binade::Failure for a quote that never ends.
  bool next(std::vector<std::string_view>& fields) {
    fields.clear();
    unescaped_.clear();
    while (take_line_end()) {
    }
    line_ = next_line_;
    begin_ = position_;
    if (position_ == text_.size()) return false;
    for (;;) {
      fields.push_back(at('"') ? quoted_field(fields.size() + 1) : plain_field(fields.size() + 1));
      if (take_line_end() || position_ == text_.size()) return true;
      ++position_;  // the delimiter
    }
  }

  // Goes on after a record that next() has failed to read.
  void skip_malformed() {
    const auto end = record_end(text_, begin_, delimiter_);
    position_ = end == text_.npos ? text_.size() : end;
    next_line_ =
        line_ + static_cast<std::uint64_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(begin_),
                                                      text_.begin() + static_cast<std::ptrdiff_t>(position_), '\n'));
  }
  // The first line of the last record, counted from 1.
  std::uint64_t line() const { return line_; }
  // The last record, exactly as in the file.
  std::string_view record() const { return text_.substr(begin_, position_ - begin_); }

 private:
  bool at(char character) const { return position_ < text_.size() && text_[position_] == character; }

  bool take_line_end() {
    const std::size_t size = at('\n') ? 1 : text_.compare(position_, 2, "\r\n") == 0 ? 2 : 0;
    position_ += size;
    next_line_ += size > 0 ? 1 : 0;
    return size > 0;
  }

  std::string_view plain_field(std::size_t number) {
    const std::size_t begin = position_;
    const char* const end = text_.data() + text_.size();
    const char* here = text_.data() + begin;
    while (here != end && *here != delimiter_ && *here != '\n' && *here != '\r') ++here;
    position_ = static_cast<std::size_t>(here - text_.data());
    if (at('\r')) require_line_feed(number);
    return text_.substr(begin, position_ - begin);
  }

  void require_line_feed(std::size_t number) const {
    if (text_.compare(position_, 2, "\r\n") == 0) return;
    fail(next_line_, number,
         "a carriage return (CR) without a line feed (LF) after it: if all lines end with CR, as on old Macs, "
         "convert the file with `tr '\\r' '\\n'`; if it is part of a field, quote the field");
  }

  std::string_view quoted_field(std::size_t number) {
    const std::uint64_t line = next_line_;
    const std::size_t begin = ++position_;
    bool doubled = false;
    for (;; ++position_) {
      position_ = std::min(text_.find_first_of("\"\n", position_), text_.size());
      if (position_ == text_.size()) {
        throw binade::Failure(BINADE_BAD_DATA, place(line, number) + "its opening quote is never closed");
      }
      if (at('\n')) ++next_line_;
      if (!at('"')) continue;
      if (text_.compare(position_ + 1, 1, "\"") != 0) break;
      doubled = true;
      ++position_;
    }
    const auto field = text_.substr(begin, position_ - begin);
    ++position_;
    if (at('\r')) require_line_feed(number);
    const bool ends = position_ == text_.size() || at(delimiter_) || at('\n') || at('\r');
    if (!ends) fail(next_line_, number, "text follows the closing quote; write a quote inside a quoted field as \"\"");
    return doubled ? unescape(field) : field;
  }

  std::string_view unescape(std::string_view field) {
    std::string& text = unescaped_.emplace_back();
    for (std::size_t i = 0; i < field.size(); ++i) {
      text.push_back(field[i]);
      if (field[i] == '"') ++i;
    }
    return text;
  }

  std::string place(std::uint64_t line, std::size_t column) const {
    return name_ + ":" + std::to_string(line) + ": column " + std::to_string(column) + ": ";
  }
  [[noreturn]] void fail(std::uint64_t line, std::size_t column, const char* reason) const {
    throw MalformedRecord(BINADE_BAD_DATA, place(line, column) + reason);
  }

  std::string_view text_;
  char delimiter_;
  std::string name_;
  std::size_t position_ = 0, begin_ = 0;
  std::uint64_t line_, next_line_;
  std::deque<std::string> unescaped_;  // of this record; a deque, because fields point into it
};
