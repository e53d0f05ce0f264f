// The names of a table's columns, which are all different. Columns are found by name, number or glob.
#pragma once

#include <binade/options.h>
#include <binade/printable.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "glob.h"

namespace table {

// The number of insertions, deletions and replacements that turn one string into the other.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

class ColumnNames {
 public:
  ColumnNames() = default;
  // `file` is named in messages.
  ColumnNames(std::vector<std::string> names, std::string file) : names_(std::move(names)), file_(std::move(file)) {
    for (std::size_t column = 0; column < names_.size(); ++column) numbers_.emplace(names_[column], column);
  }

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t column) const { return names_[column]; }

  // A column as messages show it: "`age`".
  std::string shown(std::size_t column) const {
    return std::string("`").append(binade::printable(names_[column])).append("`");
  }
  // Several columns, followed by the verb: "columns `a`, `b` and 3 more have".
  std::string list(const std::vector<std::size_t>& columns, const char* singular, const char* plural) const {
    if (columns.size() == 1) return "column " + shown(columns.front()) + " " + singular;
    constexpr std::size_t most = 10;
    std::string text = "columns";
    for (std::size_t i = 0; i < std::min(columns.size(), most); ++i) {
      text += (i == 0 ? " " : i + 1 == columns.size() ? " and " : ", ") + shown(columns[i]);
    }
    if (columns.size() > most) text += " and " + std::to_string(columns.size() - most) + " more";
    return text + " " + plural;
  }

  // Returns the column with that name, or else with that number, counted from 1. `option` is named in messages.
  // Throws binade::Failure (`status`) that lists the existing columns, the most similar names first.
  std::size_t find(const std::string& wanted, const char* option, std::int32_t status = BINADE_NOT_FOUND) const {
    if (const auto found = numbers_.find(wanted); found != numbers_.end()) return found->second;
    std::size_t number = 0;
    const char* end = wanted.data() + wanted.size();
    const auto parsed = std::from_chars(wanted.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end && number >= 1 && number <= size()) return number - 1;
    throw binade::Failure(status, file_ + ": there is no column `" + binade::printable(wanted) + "` (`" + option +
                                      "`); columns, the most similar name first: " + nearest_first(wanted));
  }
  // Returns the columns whose names match, in the table's order, or the one that find() returns.
  std::vector<std::size_t> matching(const std::string& wanted, const char* option) const {
    if (!is_glob(wanted) || numbers_.count(wanted) > 0) return {find(wanted, option)};
    std::vector<std::size_t> found;
    for (std::size_t column = 0; column < size(); ++column) {
      if (matches(wanted, names_[column])) found.push_back(column);
    }
    if (!found.empty()) return found;
    throw binade::Failure(BINADE_NOT_FOUND, file_ + ": no column matches `" + binade::printable(wanted) + "` (`" +
                                                option +
                                                "`); columns, the most similar name first: " + nearest_first(wanted));
  }

 private:
  std::string nearest_first(const std::string& wanted) const {
    std::vector<std::pair<std::size_t, const std::string*>> names;
    for (const auto& name : names_) names.emplace_back(edit_distance(name, wanted), &name);
    std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    constexpr std::size_t shown = 20;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) {
      list += (i > 0 ? ", `" : "`") + binade::printable(*names[i].second) + "`";
    }
    if (names.size() > shown) list += " and " + std::to_string(names.size() - shown) + " more";
    return list;
  }

  std::vector<std::string> names_;
  std::string file_;
  std::unordered_map<std::string, std::size_t> numbers_;
};

}  // namespace table
