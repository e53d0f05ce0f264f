// Maps the class names of a label column to class numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "csv_fields.h"
#include "quoted.h"

// Numbers labels in order of appearance; sort() then orders the classes: integers by value, other labels by bytes.
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

  // Returns the class of each number that add() returned.
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

  // Lists the number of classes and the first ten. Must be called after sort().
  std::string listed() const {
    constexpr std::size_t most = 10;
    std::string list = std::to_string(size()) + " classes:";
    for (std::size_t i = 0; i < std::min(size(), most); ++i) {
      list += (i > 0 ? ", " : " ") + std::to_string(i) + " = " + names_[i];
    }
    return list + (size() > most ? ", ..." : "");
  }

  // Warnings about labels that may be spellings of the same class.
  std::vector<std::string> remarks() const {
    std::vector<std::string> all;
    const auto add = [&](const auto& spellings, const char* remark) {
      for (const auto& [meaning, labels] : spellings) {
        if (labels.size() > 1) all.push_back("the labels " + list(labels) + remark);
      }
    };
    std::map<double, std::vector<std::string>> numbers;
    std::map<std::string, std::vector<std::string>> words;  // by lower case; single letters are often different classes
    for (const auto& [label, number] : numbers_) {
      double value = 0;
      if (parse_number(label, value) == nullptr) {
        numbers[value].push_back(::quoted(label));
      } else if (label.size() > 1) {
        words[lower_case(label)].push_back(::quoted(label));
      }
    }
    add(numbers, " are the same number but different classes: write it in one way");
    add(words, " differ only in capitalization and are different classes: is that intended?");
    return all;
  }

 private:
  static std::string list(const std::vector<std::string>& labels) {
    std::string text = labels.front();
    for (std::size_t i = 1; i < labels.size(); ++i) {
      text.append(i + 1 < labels.size() ? ", " : " and ").append(labels[i]);
    }
    return text;
  }
  static std::string lower_case(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return text;
  }

  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};
