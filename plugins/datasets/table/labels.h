// What a model learns to predict: the class of a row, or one or more numbers.
#pragma once

#include <binade/dataset.h>
#include <binade/options.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../quoted.h"
#include "class_names.h"
#include "number_text.h"
#include "settings.h"
#include "source.h"
#include "typed_column.h"

namespace table {

class Labels {
 public:
  // `columns` are the label columns, which must outlive this. Throws binade::Failure (BINADE_BAD_DATA) for a row
  // without a label.
  Labels(std::vector<const TypedColumn*> columns, const Source& source, const Settings& settings)
      : columns_(std::move(columns)), source_(source), task_(settings.task) {
    for (const auto* column : columns_) refuse_missing(*column);
    if (task_ == Task::classification) number_classes();
  }

  Task task() const { return task_; }
  const std::vector<const TypedColumn*>& columns() const { return columns_; }
  const Classes& classes() const { return classes_; }  // of a classification

  void describe(binade::Description& description) const {
    const auto count = static_cast<std::int64_t>(columns_.size());
    if (task_ == Task::classification) {
      description.field<std::int64_t>("label").fact("loss", "cross_entropy");
      description.fact("classes", static_cast<std::int64_t>(classes_.size()));
      return;
    }
    description.field<float>("label", {count});
    if (task_ == Task::regression) description.fact("loss", "mse");
    if (task_ == Task::multilabel) description.fact("classes", count);
  }
  void write(const binade::Sample& sample, std::size_t field) const {
    const auto row = sample.index();
    if (task_ == Task::classification) {
      sample.field<std::int64_t>(field)[0] = class_of(row);
      return;
    }
    auto* to = sample.field<float>(field).data();
    for (const auto* column : columns_) *to++ = static_cast<float>(column->column.number(row));
  }
  std::int64_t class_of(std::uint64_t row) const {
    return order_[static_cast<std::size_t>(columns_.front()->column.code(row))];
  }

  // Names the classes that none of the rows has.
  std::string absent(const binade::Indices& rows) const {
    std::vector<bool> present(classes_.size());
    for (const auto row : rows) present[static_cast<std::size_t>(class_of(row))] = true;
    constexpr std::size_t most = 10;
    std::size_t count = 0;
    std::string names;
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (present[i] || ++count > most) continue;
      names += (names.empty() ? "" : ", ") + ::quoted(classes_.names()[i]);
    }
    return count > most ? names + " and " + std::to_string(count - most) + " more" : names;
  }

 private:
  [[noreturn]] void bad_label(const TypedColumn& column, const Example& example, const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA,
                          source_.file() + ":" + std::to_string(example.line) + ": column " +
                              std::to_string(column.number + 1) + " (" + source_.names().shown(column.number) +
                              "): " + (example.text.empty() ? "the field" : ::quoted(example.text)) + " " + reason);
  }
  void refuse_missing(const TypedColumn& column) const {
    const auto& found = column.column.findings();
    if (found.missing == 0) return;
    const bool classes = task_ == Task::classification;
    const auto& example = found.first_missing;
    bad_label(column, example,
              (example.text.empty() ? "is empty; " : "is a placeholder for a missing value; ") +
                  std::string(classes ? "a class name or finite number" : "a finite number") +
                  " was expected: remove rows without a label (there are " + std::to_string(found.missing) + ")" +
                  (classes && !example.text.empty() ? "; if it is the name of a class, set `missing` without it" : ""));
  }
  void number_classes() {
    const auto& column = *columns_.front();
    const auto& dictionary = column.column.dictionary();
    double value = 0;
    for (const auto& entry : dictionary) {
      if (parse_number(entry.text, value) != nullptr && !std::isfinite(value)) {
        bad_label(column, {entry.line, entry.text, ""}, "is not finite; a class name or finite number was expected");
      }
      value = 0;
      classes_.add(entry.text);
    }
    order_ = classes_.sort();
    if (classes_.size() >= 2) return;
    throw binade::Failure(BINADE_BAD_DATA,
                          source_.file() + ": every row has the label " + ::quoted(classes_.names().front()) +
                              " (column " + source_.names().shown(column.number) + "): a classifier needs two classes");
  }

  std::vector<const TypedColumn*> columns_;
  const Source& source_;
  Task task_;
  Classes classes_;
  std::vector<std::int64_t> order_;  // the class of each code
};

}  // namespace table
