// Parses dates and date-times to days since 1970-01-01, UTC; a time is a fraction of a day.
//
//     2024-01-31   2024/01/31   31.01.2024   01/31/2024   31/01/2024
//
// each with an optional time after a space or T: 14:05, 14:05:09, 14:05:09.25; and an optional zone: Z, +02:00, -0330.
// The last two forms differ in their order, which a column must decide. A pattern replaces all of these forms.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace table {

// The meaning of 01/02/2024.
enum class SlashOrder { month_first, day_first };

// Reads parts of a text from its front. Each call returns false if the text does not continue so.
class DateCursor {
 public:
  explicit DateCursor(std::string_view text) : text_(text) {}
  bool at_end() const { return text_.empty(); }
  bool take(char character) {
    if (text_.empty() || text_.front() != character) return false;
    text_.remove_prefix(1);
    return true;
  }
  // An integer with `least` to `most` digits.
  bool digits(std::size_t least, std::size_t most, int& value) {
    std::size_t count = 0;
    value = 0;
    for (; count < most && count < text_.size() && text_[count] >= '0' && text_[count] <= '9'; ++count) {
      value = value * 10 + (text_[count] - '0');
    }
    text_.remove_prefix(count);
    return count >= least;
  }
  // The digits of a fraction of 1.
  bool fraction(double& value) {
    double unit = 1;
    value = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; text_.remove_prefix(1)) {
      value += (text_.front() - '0') * (unit /= 10);
    }
    return unit < 1;
  }
  // An English month: "Jan".
  bool month_name(int& month) {
    constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (text_.size() < 3) return false;
    std::string name(text_.substr(0, 3));
    for (char& c : name) c = static_cast<char>(c | 0x20);
    const auto at = names.find(name);
    if (at == names.npos || at % 3 != 0) return false;
    month = static_cast<int>(at / 3) + 1;
    text_.remove_prefix(3);
    return true;
  }

 private:
  std::string_view text_;
};

struct DateTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, zone = 0;  // zone: minutes east of UTC
  double fraction = 0;                                                              // of a second

  bool valid() const {
    constexpr std::array days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[static_cast<std::size_t>(month) - 1] + (month == 2 && leap ? 1 : 0);
  }
  double days() const {
    // Counts from March, so that a leap day is the last day of its year.
    const std::int64_t y = year - (month <= 2 ? 1 : 0);
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const std::int64_t date = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    const int seconds = (hour * 60 + minute - zone) * 60 + second;
    return static_cast<double>(date) + (seconds + fraction) / 86400;
  }
};

class DateFormat {
 public:
  // `pattern` as in strftime(): %Y %y %m %b %d %H %M %S %f and other characters; empty for the common forms. Throws
  // std::invalid_argument for another code, or if a part of the date is missing.
  explicit DateFormat(std::string pattern = {}) : pattern_(std::move(pattern)) {
    if (pattern_.empty()) return;
    const auto has = [&](const char* code) { return pattern_.find(code) != std::string::npos; };
    for (auto at = pattern_.find('%'); at != std::string::npos; at = pattern_.find('%', at + 2)) {
      const char code = at + 1 < pattern_.size() ? pattern_[at + 1] : '%';
      if (std::string_view("YymbdHMSf").find(code) == std::string_view::npos) refuse("has an unknown code");
    }
    if (!has("%d") || !(has("%Y") || has("%y")) || !(has("%m") || has("%b"))) refuse("lacks year, month or day");
  }

  // True if both orders apply to the text.
  bool slashed(std::string_view text) const {
    return pattern_.empty() && text.size() > 2 && (text[1] == '/' || text[2] == '/');
  }
  bool parse(std::string_view text, SlashOrder order, double& days) const {
    DateCursor cursor(text);
    DateTime date;
    const bool read = pattern_.empty() ? common(cursor, order, date) : patterned(cursor, date);
    if (!read || !cursor.at_end() || !date.valid()) return false;
    days = date.days();
    return true;
  }
  // What a date must look like.
  std::string expected() const { return pattern_.empty() ? "a date such as 2024-01-31" : "a date like " + pattern_; }

 private:
  [[noreturn]] void refuse(const char* what) const {
    throw std::invalid_argument("`date_format` = \"" + pattern_ + "\" " + what +
                                ": write it with %Y or %y, %m or %b, %d, %H, %M, %S and %f, such as \"%d/%m/%Y\"");
  }

  static bool common(DateCursor& cursor, SlashOrder order, DateTime& date) {
    const auto start = cursor;
    if (cursor.digits(4, 4, date.year)) {
      const char separator = cursor.take('-') ? '-' : '/';
      if (separator == '/' && !cursor.take('/')) return false;
      if (!cursor.digits(1, 2, date.month) || !cursor.take(separator) || !cursor.digits(1, 2, date.day)) return false;
    } else {
      cursor = start;
      if (!cursor.digits(1, 2, date.day)) return false;
      const char separator = cursor.take('.') ? '.' : '/';
      if (separator == '/' && !cursor.take('/')) return false;
      if (!cursor.digits(1, 2, date.month) || !cursor.take(separator) || !cursor.digits(4, 4, date.year)) return false;
      if (separator == '/' && order == SlashOrder::month_first) std::swap(date.day, date.month);
    }
    if (cursor.at_end()) return true;
    if (!cursor.take('T') && !cursor.take(' ')) return false;
    return time(cursor, date) && zone(cursor, date);
  }
  static bool time(DateCursor& cursor, DateTime& date) {
    if (!cursor.digits(1, 2, date.hour) || !cursor.take(':') || !cursor.digits(2, 2, date.minute)) return false;
    if (!cursor.take(':')) return true;
    return cursor.digits(2, 2, date.second) && (!cursor.take('.') || cursor.fraction(date.fraction));
  }
  static bool zone(DateCursor& cursor, DateTime& date) {
    if (cursor.at_end() || cursor.take('Z')) return true;
    const int sign = cursor.take('+') ? 1 : -1;
    int hours = 0, minutes = 0;
    if (sign < 0 && !cursor.take('-')) return false;
    if (!cursor.digits(2, 2, hours)) return false;
    if (!cursor.at_end() && (cursor.take(':'), !cursor.digits(2, 2, minutes))) return false;
    date.zone = sign * (hours * 60 + minutes);
    return true;
  }
  bool patterned(DateCursor& cursor, DateTime& date) const {
    for (std::size_t at = 0; at < pattern_.size(); ++at) {
      const bool read = pattern_[at] == '%' ? code(pattern_[++at], cursor, date) : cursor.take(pattern_[at]);
      if (!read) return false;
    }
    return true;
  }
  static bool code(char code, DateCursor& cursor, DateTime& date) {
    switch (code) {
      case 'Y':
        return cursor.digits(4, 4, date.year);
      case 'y':
        if (!cursor.digits(2, 2, date.year)) return false;
        date.year += date.year < 69 ? 2000 : 1900;
        return true;
      case 'm':
        return cursor.digits(1, 2, date.month);
      case 'b':
        return cursor.month_name(date.month);
      case 'd':
        return cursor.digits(1, 2, date.day);
      case 'H':
        return cursor.digits(1, 2, date.hour);
      case 'M':
        return cursor.digits(1, 2, date.minute);
      case 'S':
        return cursor.digits(1, 2, date.second);
      default:
        return cursor.fraction(date.fraction);
    }
  }

  std::string pattern_;
};

}  // namespace table
