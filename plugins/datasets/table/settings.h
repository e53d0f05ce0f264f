// The options that every table format has.
#pragma once

#include <binade/options.h>

#include <cmath>
#include <string>
#include <vector>

#include "cell_rules.h"

namespace table {

enum class Task { classification, regression, multilabel };
enum class Impute { error, mean, median, most_frequent, constant };

struct Settings {
  explicit Settings(const binade::Options& options)
      : task(task_of(options.string("task"))),
        standardize(options.boolean("standardize")),
        integer_categories(options.string("categorical_encoding") == "integer"),
        impute(impute_of(options.string("impute"))),
        missing_indicator(options.boolean("missing_indicator")),
        rules{Missing(options.strings("missing")), '.', DateFormat(options.string("date_format"))},
        columns(list(options, "columns")),
        ignore(list(options, "ignore")),
        numeric(list(options, "numeric")),
        boolean(list(options, "boolean")),
        categorical(list(options, "categorical")),
        date(list(options, "date")) {
    if (options.has("label")) label = options.string("label");
    if (options.has("labels")) labels = options.strings("labels");
    if (!label.empty() && !labels.empty()) throw std::invalid_argument("set `label` or `labels`, not both");
    if (task == Task::classification && labels.size() > 1) {
      throw std::invalid_argument(
          "`labels` has several columns, but task = \"classification\" predicts one: set `label`, or task = "
          "\"regression\" or \"multilabel\"");
    }
    if (task == Task::multilabel && labels.empty()) {
      throw std::invalid_argument("task = \"multilabel\" needs `labels`, the columns with 0 or 1 for each label");
    }
    if (options.has("fill_value")) fill_value = options.number("fill_value");
    if (!std::isfinite(static_cast<float>(fill_value))) {
      throw std::invalid_argument("`fill_value` must be finite in float32");
    }
    if ((impute == Impute::constant) != options.has("fill_value")) {
      throw std::invalid_argument("impute = \"constant\" and `fill_value` belong together: set both or neither");
    }
  }

  Task task;
  bool standardize, integer_categories;
  Impute impute;
  double fill_value = 0;
  bool missing_indicator;
  CellRules rules;
  std::string label;                                                     // empty: the last column
  std::vector<std::string> labels;                                       // instead of `label`
  std::vector<std::string> columns;                                      // empty: all
  std::vector<std::string> ignore, numeric, boolean, categorical, date;  // names, numbers or globs

 private:
  static std::vector<std::string> list(const binade::Options& options, const char* name) {
    return options.has(name) ? options.strings(name) : std::vector<std::string>();
  }
  static Task task_of(const std::string& name) {
    return name == "regression" ? Task::regression : name == "multilabel" ? Task::multilabel : Task::classification;
  }
  static Impute impute_of(const std::string& name) {
    return name == "mean"            ? Impute::mean
           : name == "median"        ? Impute::median
           : name == "most_frequent" ? Impute::most_frequent
           : name == "constant"      ? Impute::constant
                                     : Impute::error;
  }
};

}  // namespace table
