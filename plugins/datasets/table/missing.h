// Recognizes placeholders for missing values, for features and labels alike.
#pragma once

#include <charconv>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace table {

class Missing {
 public:
  // `marks` are placeholders in addition to the empty text and "nan".
  explicit Missing(const std::vector<std::string>& marks) : marks_(marks.begin(), marks.end()) {
    for (const auto& mark : marks) numbers_ = numbers_ || mark.find_first_of("0123456789") != std::string::npos;
  }

  // True if a placeholder may be a number, such as -99. If not, a valid number need not be looked up.
  bool may_be_numbers() const { return numbers_; }

  // `text` must be trimmed.
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
  bool numbers_ = false;
};

}  // namespace table
