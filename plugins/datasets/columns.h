// The columns of a CSV file, found by name or number.
#pragma once

#include <binade/options.h>
#include <binade/printable.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

class Columns {
 public:
  Columns() = default;
  Columns(std::vector<std::string> names, std::string file) : names_(std::move(names)), file_(std::move(file)) {}

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t column) const { return names_[column]; }

  // A column as messages show it: "`age`", or "3 (without a name)".
  std::string shown(std::size_t column) const {
    return names_[column].empty() ? std::to_string(column + 1) + " (without a name)"
                                  : std::string("`").append(binade::printable(names_[column])).append("`");
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
    const auto found = std::find(names_.begin(), names_.end(), wanted);
    if (found != names_.end()) {
      if (std::find(found + 1, names_.end(), wanted) == names_.end()) return found - names_.begin();
      throw binade::Failure(BINADE_BAD_DATA, file_ + ": two columns are named `" + binade::printable(wanted) +
                                                 "`: give `" + option + "` as a number from 1");
    }
    std::size_t number = 0;
    const char* end = wanted.data() + wanted.size();
    const auto parsed = std::from_chars(wanted.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end && number >= 1 && number <= size()) return number - 1;
    throw binade::Failure(status, file_ + ": there is no column `" + binade::printable(wanted) + "` (`" + option +
                                      "`); columns, the most similar name first: " + nearest_first(wanted));
  }

  // Returns those of the columns that have the same name as an earlier one.
  std::vector<std::size_t> repeated(const std::vector<std::size_t>& columns) const {
    std::vector<std::size_t> again;
    std::set<std::string> names;
    for (const auto column : columns) {
      if (!names_[column].empty() && !names.insert(names_[column]).second) again.push_back(column);
    }
    return again;
  }

 private:
  std::string nearest_first(const std::string& wanted) const {
    auto names = names_;
    std::stable_sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
      return edit_distance(a, wanted) < edit_distance(b, wanted);
    });
    constexpr std::size_t shown = 20;
    std::string list;
    for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) {
      list += (i > 0 ? ", `" : "`") + binade::printable(names[i]) + "`";
    }
    if (names.size() > shown) list += " and " + std::to_string(names.size() - shown) + " more";
    return list;
  }

  std::vector<std::string> names_;
  std::string file_;
};
