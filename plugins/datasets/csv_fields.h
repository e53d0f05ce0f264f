// What stands in a field of a CSV file: numbers, for the most part.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

inline std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// What is wrong with it, or nullptr and the value.
inline const char* parse_number(std::string_view field, float& value) {
  auto text = trim(field);
  if (text.empty()) return "is empty";
  if (text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (stopped != end || error == std::errc::invalid_argument) return "is no number";
  // Out of range and below 1 in magnitude is zero for a float.
  if (error == std::errc::result_out_of_range) number = std::strtod(std::string(text).c_str(), nullptr);
  value = static_cast<float>(number);
  return std::isfinite(value) ? nullptr : "is not finite in float32";
}

// "nan", "-inf" and so on: what other programs write for a label that is missing.
inline bool is_no_finite_number(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stopped == end && !std::isfinite(number);
}

inline bool parse_integer(std::string_view text, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stopped == end;
}
