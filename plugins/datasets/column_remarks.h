// Warnings about columns that are readable but suspicious. Each kind of problem is one warning that lists its columns.
#pragma once

#include <binade/options.h>

#include <string>
#include <vector>

#include "columns.h"
#include "numeric_column.h"

// True if the column holds row numbers, from 0 or 1: in order, or in any order if there are many rows.
inline bool numbers_the_rows(const NumericColumn& column) {
  constexpr std::size_t few = 5, many = 20;  // fewer rows may count up by chance
  const std::size_t rows = column.size();
  if (rows < few) return false;
  const auto& numbers = column.numbers();
  const double first = *std::min_element(numbers.begin(), numbers.end());
  if (first != 0 && first != 1) return false;
  std::vector<bool> seen(rows);
  bool in_order = true;
  for (std::size_t row = 0; row < rows; ++row) {
    const double place = numbers[row] - first;
    if (place != std::trunc(place) || place >= static_cast<double>(rows)) return false;
    const auto number = static_cast<std::size_t>(place);
    if (seen[number]) return false;
    seen[number] = true;
    in_order = in_order && number == row;
  }
  return in_order || rows >= many;
}

class ColumnRemarks {
 public:
  // `file` is named in messages. `asked_for`: the experiment lists the columns to use.
  ColumnRemarks(std::string file, const Columns& columns, bool asked_for)
      : file_(std::move(file)), columns_(columns), asked_for_(asked_for) {}

  // `used` are all columns in use, including the label.
  void look_at_names(const std::vector<std::size_t>& used) { repeated_ = columns_.repeated(used); }
  // Checks a feature column: all of its rows, and those to learn from, given their scaling.
  void look_at(std::size_t number, const NumericColumn& all, const NumericColumn& column, const Scale& scale) {
    if (!asked_for_ && numbers_the_rows(all)) {
      row_numbers_.push_back(number);
    } else if (!asked_for_ && columns_.name(number).empty()) {
      unnamed_.push_back(number);
    }
    if (column.rounded()) {
      rounded_.push_back(number);
    } else if (column.size() > 1 && column.constant()) {
      constant_.push_back(number);
    } else if (const auto distinct = count_distinct(column, scale); distinct.collapsed()) {
      if (collapsed_.empty()) example_ = distinct;
      collapsed_.push_back(number);
    }
  }
  // Checks the column of numbers to predict.
  void look_at_target(std::size_t number, const NumericColumn& column, const Scale& scale) {
    if (column.rounded()) rounded_.push_back(number);
    if (column.size() > 1 && column.constant()) constant_.push_back(number);
    const auto distinct = count_distinct(column, scale);
    if (distinct.collapsed()) target_ = columns_.shown(number) + ":" + counts(distinct);
  }

  void tell(const binade::Host& host, bool standardized) const {
    const auto say = [&](const std::string& text) { host.warning(file_ + ": " + text); };
    if (!repeated_.empty()) {
      say(columns_.list(repeated_, "has", "have") +
          " the same name as an earlier column, and both are used: is one a copy of the other?");
    }
    if (!row_numbers_.empty()) {
      say(columns_.list(row_numbers_, "counts", "count") +
          " the rows, which does not help to predict new ones: list the columns to use in `columns`");
    }
    if (!unnamed_.empty()) {
      say(columns_.list(unnamed_, "is", "are") +
          " used like any other; if a program added it, such as a row number, leave it out with `columns`");
    }
    if (!rounded_.empty()) {
      say(columns_.list(rounded_, "has", "have") +
          " integers with more digits than a double holds, so different ones become equal: is it a key rather than a "
          "quantity?");
    }
    if (!constant_.empty()) {
      say(columns_.list(constant_, "has", "have") +
          " the same number in every row, so a model cannot learn from it: is that intended?");
    }
    if (!collapsed_.empty()) {
      say(columns_.list(collapsed_, "loses", "lose") + " precision in float32: in the first one," + counts(example_) +
          (standardized ? ": an outlier, such as a placeholder for a missing value, has this effect"
                        : ": set standardize = true, or subtract a constant first"));
    }
    if (!target_.empty()) say("the label " + target_ + " in float32: subtract a constant first, or scale it");
  }

 private:
  static std::string counts(const Distinct& distinct) {
    return std::string(" ") + std::to_string(distinct.before) + " different numbers become " +
           std::to_string(distinct.after);
  }

  std::string file_;
  const Columns& columns_;
  bool asked_for_;
  std::vector<std::size_t> repeated_, row_numbers_, unnamed_, rounded_, constant_, collapsed_;
  Distinct example_;
  std::string target_;
};
