// The class names of a label column, and their numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "csv_fields.h"

// Label texts, in the order in which they came; then classes, in sorted order: integers by value, others by bytes.
class Classes {
 public:
  std::int64_t add(std::string_view label) {
    const auto known = numbers_.find(label);
    if (known != numbers_.end()) return known->second;
    const auto number = static_cast<std::int64_t>(numbers_.size());
    numbers_.emplace(label, number);
    return number;
  }
  std::size_t size() const { return numbers_.size(); }

  // The sorted class of each number that add() gave.
  std::vector<std::int64_t> sort() {
    std::map<std::int64_t, std::string> integers;
    for (const auto& [label, number] : numbers_) {
      std::int64_t value = 0;
      if (parse_integer(label, value)) integers.emplace(value, label);
    }
    if (integers.size() == size()) {
      for (auto& [value, label] : integers) names_.push_back(std::move(label));
    } else {
      for (const auto& [label, number] : numbers_) names_.push_back(label);
    }
    std::vector<std::int64_t> classes(size());
    for (std::size_t i = 0; i < size(); ++i)
      classes[static_cast<std::size_t>(numbers_.find(names_[i])->second)] = static_cast<std::int64_t>(i);
    return classes;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};
