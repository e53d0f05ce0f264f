// The role and declared type of each column.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "column_names.h"
#include "settings.h"
#include "source.h"

namespace table {

enum class Type : std::uint8_t { inferred, numeric, boolean, categorical, date };

class Schema {
 public:
  // Throws binade::Failure or std::invalid_argument if the options name columns that do not exist or contradict each
  // other, or leave no feature.
  Schema(const Source& source, const Settings& settings) : names_(source.names()), file_(source.file()) {
    if (names_.size() == 1) no_features(source, {0});
    choose_labels(settings);
    choose_features(settings);
    if (features_.empty()) no_features(source, labels_);
    declare(settings);
  }

  const std::vector<std::size_t>& features() const { return features_; }  // in the order of `columns`
  const std::vector<std::size_t>& labels() const { return labels_; }
  std::size_t ignored() const { return names_.size() - features_.size() - labels_.size(); }
  Type type(std::size_t column) const { return types_[column]; }

 private:
  [[noreturn]] void no_features(const Source& source, const std::vector<std::size_t>& labels) const {
    throw binade::Failure(BINADE_BAD_DATA, file_ + ": there are no feature columns besides the label " +
                                               names_.shown(labels.front()) + ": " + source.advice());
  }
  bool is_label(std::size_t column) const { return std::find(labels_.begin(), labels_.end(), column) != labels_.end(); }

  void choose_labels(const Settings& settings) {
    if (settings.labels.empty()) {
      labels_ = {settings.label.empty() ? names_.size() - 1 : names_.find(settings.label, "label")};
    }
    for (const auto& wanted : settings.labels) {
      for (const auto column : names_.matching(wanted, "labels")) {
        if (!is_label(column)) labels_.push_back(column);
      }
    }
  }

  void choose_features(const Settings& settings) {
    std::vector<bool> used(names_.size(), settings.columns.empty());
    std::vector<std::size_t> order;
    for (const auto& wanted : settings.columns) {
      for (const auto column : names_.matching(wanted, "columns")) {
        if (is_label(column) && !is_glob(wanted)) {
          throw std::invalid_argument("column `" + names_.name(column) + "` is both the label and in `columns`");
        }
        if (!used[column]) order.push_back(column);
        used[column] = true;
      }
    }
    for (std::size_t column = 0; settings.columns.empty() && column < names_.size(); ++column) order.push_back(column);
    for (const auto& wanted : settings.ignore) {
      for (const auto column : names_.matching(wanted, "ignore")) {
        if (is_label(column) && !is_glob(wanted)) {
          throw std::invalid_argument("column `" + names_.name(column) + "` is both the label and in `ignore`");
        }
        used[column] = false;
      }
    }
    for (const auto column : labels_) used[column] = false;
    for (const auto column : order) {
      if (used[column]) features_.push_back(column);
    }
  }

  // A name counts more than a glob.
  void declare(const Settings& settings) {
    types_.assign(names_.size(), Type::inferred);
    std::vector<bool> by_name(names_.size());
    for (const bool globs : {false, true}) {
      declare(settings.numeric, "numeric", Type::numeric, globs, by_name);
      declare(settings.boolean, "boolean", Type::boolean, globs, by_name);
      declare(settings.categorical, "categorical", Type::categorical, globs, by_name);
      declare(settings.date, "date", Type::date, globs, by_name);
    }
  }
  void declare(const std::vector<std::string>& list, const char* option, Type type, bool globs,
               std::vector<bool>& by_name) {
    for (const auto& wanted : list) {
      if (is_glob(wanted) != globs) continue;
      for (const auto column : names_.matching(wanted, option)) {
        if (globs && by_name[column]) continue;
        if (types_[column] != Type::inferred && types_[column] != type) {
          throw std::invalid_argument("column " + names_.shown(column) + " is in `" + option +
                                      "` and in another list of types: a column has one type");
        }
        types_[column] = type;
        by_name[column] = !globs;
      }
    }
  }

  const ColumnNames& names_;
  std::string file_;
  std::vector<std::size_t> features_, labels_;
  std::vector<Type> types_;  // of all columns
};

}  // namespace table
