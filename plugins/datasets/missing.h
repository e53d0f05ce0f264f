// What stands for a missing value in a file: the same for features and labels, and for every format.
#pragma once

#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

class Missing {
 public:
  // `marks` beside those that are marks anyway: nothing at all, and "nan" as programs write it for a number.
  explicit Missing(const std::vector<std::string>& marks) : marks_(marks.begin(), marks.end()) {}

  // `text` has no spaces around it.
  bool operator()(std::string_view text) const { return text.empty() || marks_.count(text) > 0 || is_nan(text); }

 private:
  static bool is_nan(std::string_view text) {
    if (text.front() == '+') text.remove_prefix(1);
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stopped == end && std::isnan(number);
  }

  std::set<std::string, std::less<>> marks_;
};
