// Recognizes columns of two opposite words.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "column.h"

namespace table {

namespace boolean_text {

// The pairs of words, false first. Digits count only in a column that is declared boolean; otherwise they are numbers.
constexpr std::pair<std::string_view, std::string_view> pairs[] = {{"false", "true"}, {"no", "yes"}, {"f", "t"},
                                                                   {"n", "y"},        {"0", "1"},    {"0.0", "1.0"}};

inline bool equal(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != word[i]) return false;
  }
  return true;
}

// Returns 0 or 1 for each category, or nothing if they are not words of one pair.
inline std::vector<double> values(const Dictionary& dictionary) {
  if (dictionary.size() > 6) return {};
  for (const auto& [no, yes] : pairs) {
    std::vector<double> found;
    for (const auto& entry : dictionary) {
      if (equal(entry.text, no) || equal(entry.text, yes)) found.push_back(equal(entry.text, yes) ? 1 : 0);
    }
    if (found.size() == dictionary.size()) return found;
  }
  return {};
}

// Returns a column of categories as one of 0 and 1.
inline Column to_numbers(const Column& column, const std::vector<double>& values) {
  NumberStore numbers;
  numbers.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    const auto code = column.code(row);
    numbers.add(code == Column::missing_code ? std::numeric_limits<double>::quiet_NaN()
                                             : values[static_cast<std::size_t>(code)]);
  }
  Column converted(std::move(numbers));
  converted.findings() = column.findings();
  return converted;
}

}  // namespace boolean_text

}  // namespace table
