// The class names of a label column, and their numbers.
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

  // After sort(): the classes and how many, but not too many of them.
  std::string listed() const {
    constexpr std::size_t most = 10;
    std::string list = std::to_string(size()) + " classes:";
    for (std::size_t i = 0; i < std::min(size(), most); ++i) {
      list += (i > 0 ? ", " : " ") + std::to_string(i) + " = " + names_[i];
    }
    return list + (size() > most ? ", ..." : "");
  }

  // What is to be said of labels that may be meant to be one class.
  std::vector<std::string> remarks() const {
    std::vector<std::string> all;
    const auto add = [&](const auto& spellings, const char* remark) {
      for (const auto& [meaning, labels] : spellings) {
        if (labels.size() > 1) all.push_back("the labels " + list(labels) + remark);
      }
    };
    std::map<double, std::vector<std::string>> numbers;
    std::map<std::string, std::vector<std::string>> words;  // in lower case; letters may well be classes of their own
    for (const auto& [label, number] : numbers_) {
      double value = 0;
      if (parse_number(label, value) == nullptr) {
        numbers[value].push_back(quoted(label));
      } else if (label.size() > 1) {
        words[lower_case(label)].push_back(quoted(label));
      }
    }
    add(numbers, " are the same number and different classes: write it in one way");
    add(words, " differ in nothing but capital letters and are different classes: is that meant?");
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
