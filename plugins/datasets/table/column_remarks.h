// Warnings about columns that are readable but suspicious. Each kind of problem is one warning that lists its columns.
#pragma once

#include <binade/options.h>

#include <string>
#include <vector>

#include "column_names.h"
#include "feature.h"
#include "numeric_column.h"

namespace table {

// True if the column holds row numbers, from 0 or 1: in order, or in any order if there are many rows.
inline bool numbers_the_rows(const Column& column) {
  constexpr std::size_t few = 5, many = 20;  // fewer rows may count up by chance
  const std::size_t rows = column.size();
  if (column.is_category() || column.findings().missing > 0 || rows < few) return false;
  double first = column.number(0);
  for (std::size_t row = 1; row < rows; ++row) first = std::min(first, column.number(row));
  if (first != 0 && first != 1) return false;
  std::vector<bool> seen(rows);
  bool in_order = true;
  for (std::size_t row = 0; row < rows; ++row) {
    const double place = column.number(row) - first;
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
  ColumnRemarks(std::string file, const ColumnNames& names, bool asked_for)
      : file_(std::move(file)), names_(names), asked_for_(asked_for) {}

  // Checks a feature column, given what it has learned from `rows` rows.
  void look_at(const Feature& feature, std::size_t rows) {
    const auto& [number, type, column] = feature.typed();
    if (!asked_for_ && type == Type::numeric && numbers_the_rows(column)) row_numbers_.push_back(number);
    if (column.is_category()) {
      if (rows >= many && feature.categories() > rows / 2) {
        identifiers_.push_back(number);
      } else if (rows > 1 && feature.categories() + (feature.gaps() > 0 ? 1 : 0) < 2) {
        constant_.push_back(number);
      }
      return;
    }
    const auto& numbers = feature.fitted();
    if (column.findings().rounded) {
      rounded_.push_back(number);
    } else if (numbers.size() > 1 && numbers.constant()) {
      constant_.push_back(number);
    } else if (const auto distinct = count_distinct(numbers, feature.scale()); distinct.collapsed()) {
      if (collapsed_.empty()) example_ = distinct;
      collapsed_.push_back(number);
    }
  }
  // Checks a column of numbers to predict.
  void look_at_target(const TypedColumn& target, const NumericColumn& numbers) {
    if (target.column.findings().rounded) rounded_.push_back(target.number);
    if (numbers.size() > 1 && numbers.constant()) constant_.push_back(target.number);
    const auto distinct = count_distinct(numbers, Scale());
    if (distinct.collapsed()) target_ = names_.shown(target.number) + ":" + counts(distinct);
  }

  void tell(const binade::Host& host, bool standardized) const {
    const auto say = [&](const std::string& text) { host.warning(file_ + ": " + text); };
    if (!row_numbers_.empty()) {
      say(names_.list(row_numbers_, "counts", "count") +
          " the rows, which does not help to predict new ones: leave such columns out with `ignore`");
    }
    if (!identifiers_.empty()) {
      say(names_.list(identifiers_, "is", "are") +
          " categorical with a different value in most training rows, which does not help to predict new ones: leave "
          "identifiers and free texts out with `ignore`");
    }
    if (!rounded_.empty()) {
      say(names_.list(rounded_, "has", "have") +
          " integers with more digits than a double holds, so different ones become equal: is it a key rather than a "
          "quantity? (then list it in `ignore` or `categorical`)");
    }
    if (!constant_.empty()) {
      say(names_.list(constant_, "has", "have") +
          " the same value in every training row, so a model cannot learn from it: is that intended?");
    }
    if (!collapsed_.empty()) {
      say(names_.list(collapsed_, "loses", "lose") + " precision in float32: in the first one," + counts(example_) +
          (standardized ? ": an outlier, such as a placeholder for a missing value, has this effect"
                        : ": set standardize = true, or subtract a constant first"));
    }
    if (!target_.empty()) say("the label " + target_ + " in float32: subtract a constant first, or scale it");
  }

 private:
  static constexpr std::size_t many = 20;  // rows; fewer may differ by chance

  static std::string counts(const Distinct& distinct) {
    return std::string(" ") + std::to_string(distinct.before) + " different numbers become " +
           std::to_string(distinct.after);
  }

  std::string file_;
  const ColumnNames& names_;
  bool asked_for_;
  std::vector<std::size_t> row_numbers_, identifiers_, rounded_, constant_, collapsed_;
  Distinct example_;
  std::string target_;
};

}  // namespace table
