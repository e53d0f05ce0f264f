// Parses texts as numbers.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace table {

inline std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

inline const char* why_no_number(std::string_view text, char decimal) {
  const auto has = [&](std::string_view characters) { return text.find_first_of(characters) != text.npos; };
  if (has(";\t|")) return "is not a number: is `delimiter` right?";
  if (!has("0123456789")) return "is not a number";
  if (has(",") && decimal == '.') {
    return "is not a number: commas between digits are not supported; write 1234.5, or set decimal = \",\" if they are "
           "decimal points";
  }
  if (has(".") && decimal == ',') return "is not a number: points are not supported where decimal = \",\"";
  if (has("%")) return "is not a number: write it without the percent sign";
  if (has("xX")) return "is not a number: hexadecimal numbers are not supported; write it in decimal";
  if (has(" '_")) return "is not a number: digit separators are not supported; write 1234.5";
  return "is not a number";
}

// Returns what is wrong with `text`, or nullptr. Sets `value` if it is a number, finite or not. `text` must be trimmed.
inline const char* parse_number(std::string_view text, double& value, char decimal = '.') {
  if (text.empty()) return "is empty";
  if (decimal != '.' && text.find_first_of(",.") != text.npos) {
    std::string pointed(text);
    const auto comma = pointed.find(decimal);
    if (comma == pointed.npos || pointed.find('.') != pointed.npos) return why_no_number(text, decimal);
    pointed[comma] = '.';
    return parse_number(pointed, value) == nullptr || !std::isfinite(value) ? parse_number(pointed, value)
                                                                            : why_no_number(text, decimal);
  }
  const auto whole = text;
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (stopped != end || error == std::errc::invalid_argument) return why_no_number(whole, decimal);
  // strtod() distinguishes underflow (zero) from overflow (infinity).
  if (error == std::errc::result_out_of_range) number = std::strtod(std::string(text).c_str(), nullptr);
  value = number;
  return std::isfinite(value) ? nullptr : "is not finite";
}

// True if `text` is an integer with more digits than a double holds, so that `value` differs from it.
inline bool is_rounded_integer(std::string_view text, double value) {
  constexpr std::size_t digits = 15;  // every integer of this many digits fits into a double
  if (text.size() <= digits || text.find_first_not_of("+-0123456789") != text.npos) return false;
  text.remove_prefix(text.front() == '+' || text.front() == '-' ? 1 : 0);
  std::uint64_t integer = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), integer).ec;
  return error != std::errc() || static_cast<long double>(integer) != std::abs(static_cast<long double>(value));
}

inline bool parse_integer(std::string_view text, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end;
}

}  // namespace table
