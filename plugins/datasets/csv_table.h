// Reads the feature columns and the label column of a CSV file. Errors name line and column.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "class_names.h"
#include "columns.h"
#include "csv_fields.h"
#include "csv_reader.h"
#include "delimiters.h"
#include "known_format.h"
#include "missing.h"
#include "numeric_column.h"
#include "quoted.h"
#include "read_file.h"
#include "text_form.h"

class CsvTable {
 public:
  explicit CsvTable(const binade::Options& options)
      : file_(options.path("path")),
        regression_(options.string("task") == "regression"),
        standardized_(options.boolean("standardize")),
        missing_(options.strings("missing")) {
    const auto delimiter = options.string("delimiter");
    if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
      throw std::invalid_argument("`delimiter` must be one character (one byte) other than a quote or line end");
    }
    const auto text = read_file(file_);
    check_form(text);
    CsvReader reader(text, delimiter[0], file_);
    std::vector<std::string_view> fields;
    if (!reader.next(fields)) bad_data("the file is empty");
    const bool header = options.boolean("header");
    other_delimiter_ = other_delimiter(reader.record(), delimiter[0]);
    name_columns(fields, header);
    choose_columns(options);
    if (header) looks_like_data_ = all_numbers(fields);
    if (header && !reader.next(fields)) bad_data("the file has a header but no rows");
    do add(fields, reader.line());
    while (reader.next(fields));
  }

  const std::string& file() const { return file_; }
  const Columns& columns() const { return columns_; }
  std::size_t rows() const { return regression_ ? targets_.size() : labels_.size(); }
  // The indices of the feature columns and of the label column, and the values of the feature columns.
  const std::vector<std::size_t>& chosen() const { return chosen_; }
  std::size_t label() const { return label_; }
  const std::vector<NumericColumn>& features() const { return features_; }
  // The label of each row: a number to predict, or a class number given by classes().
  const NumericColumn& targets() const { return targets_; }
  std::vector<std::int64_t>& labels() { return labels_; }
  const std::vector<std::int64_t>& labels() const { return labels_; }
  Classes& classes() { return classes_; }
  const Classes& classes() const { return classes_; }
  // One number per row, equal for equal values of the column; "" is the label.
  std::vector<std::int64_t> keys(std::string_view wanted) const {
    const auto column = wanted.empty() ? label_ : columns_.find(std::string(wanted), "split", BINADE_INVALID_ARGUMENT);
    if (column == label_) return regression_ ? bits(targets_) : labels_;
    const auto found = std::find(chosen_.begin(), chosen_.end(), column);
    if (found != chosen_.end()) return bits(features_[static_cast<std::size_t>(found - chosen_.begin())]);
    throw std::invalid_argument(file_ + ": column " + columns_.shown(column) + " is not among the columns in use");
  }
  // True if the header's fields of all feature columns are numbers.
  bool header_looks_like_data() const { return looks_like_data_; }

 private:
  static std::vector<std::int64_t> bits(const NumericColumn& column) {
    std::vector<std::int64_t> keys;
    keys.reserve(column.size());
    for (const double number : column.numbers()) {
      const double value = number + 0.0;  // -0 becomes 0
      std::memcpy(&keys.emplace_back(), &value, sizeof(value));
    }
    return keys;
  }

  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, file_ + ": " + reason);
  }
  [[noreturn]] void bad_field(std::uint64_t line, std::size_t column, std::string_view field,
                              const std::string& reason) const {
    const auto place = file_ + ":" + std::to_string(line) + ": column " + std::to_string(column + 1) + " (`" +
                       columns_.name(column) + "`): ";
    throw binade::Failure(BINADE_BAD_DATA, place + (field.empty() ? "the field" : quoted(field)) + " " + reason);
  }

  void check_form(const std::string& text) const {
    auto complaint = known_format::complaint(file_, text, text.size(), "a CSV file was expected");
    if (complaint.empty()) complaint = text_form::complaint(file_, text);
    if (!complaint.empty()) bad_data(complaint);
    const auto zero = text.find('\0');
    if (zero == std::string::npos) return;
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    throw binade::Failure(BINADE_BAD_DATA, file_ + ":" + std::to_string(line) +
                                               ": contains a NUL byte: this is not a text file, or it is damaged");
  }

  // Advice for a line with too few or too many fields.
  std::string advice_on_delimiter() const {
    if (other_delimiter_.empty()) return "is `delimiter` right?";
    return "fields seem to be separated by \"" + other_delimiter_ + "\": set delimiter = \"" + other_delimiter_ + "\"";
  }

  [[noreturn]] void ragged(std::size_t count, std::uint64_t line) const {
    const auto last = columns_.size() - 1;
    const auto reason =
        count < columns_.size()
            ? "column " + std::to_string(count + 1) + " (`" + columns_.name(count) + "`) is missing"
            : "column " + std::to_string(last + 2) + " has no name; the last is " + std::to_string(last + 1) + " (`" +
                  columns_.name(last) +
                  "`); quote a field that contains a delimiter; if the first field names or numbers the " +
                  "row, give it a name in the first line";
    throw binade::Failure(BINADE_BAD_DATA, file_ + ":" + std::to_string(line) + ": " + std::to_string(count) +
                                               (count == 1 ? " field" : " fields") + " where the first line has " +
                                               std::to_string(columns_.size()) + ": " + reason +
                                               (other_delimiter_.empty() ? "" : "; or " + advice_on_delimiter()));
  }

  void name_columns(const std::vector<std::string_view>& fields, bool header) {
    std::vector<std::string> names;
    names.reserve(fields.size());
    for (const auto field : fields) {
      names.push_back(header ? std::string(trim(field)) : std::to_string(names.size() + 1));
    }
    columns_ = Columns(std::move(names), file_);
  }

  void choose_columns(const binade::Options& options) {
    if (columns_.size() == 1) no_features(0);
    label_ = options.has("label") ? columns_.find(options.string("label"), "label") : columns_.size() - 1;
    if (options.has("columns")) {
      for (const auto& name : options.strings("columns")) chosen_.push_back(columns_.find(name, "columns"));
    } else {
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        if (column != label_) chosen_.push_back(column);
      }
    }
    if (std::find(chosen_.begin(), chosen_.end(), label_) != chosen_.end()) {
      throw std::invalid_argument("column `" + columns_.name(label_) + "` is both the label and in `columns`");
    }
    if (chosen_.empty()) no_features(label_);
    features_.resize(chosen_.size());
  }

  [[noreturn]] void no_features(std::size_t label) const {
    bad_data("there are no feature columns besides the label `" + columns_.name(label) + "`: " + advice_on_delimiter());
  }

  bool all_numbers(const std::vector<std::string_view>& fields) const {
    double number = 0;
    return std::all_of(chosen_.begin(), chosen_.end(),
                       [&](std::size_t column) { return parse_number(trim(fields[column]), number) == nullptr; });
  }

  void add(const std::vector<std::string_view>& fields, std::uint64_t line) {
    if (fields.size() != columns_.size()) ragged(fields.size(), line);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      add_number(features_[i], fields, chosen_[i], line, standardized_);
    }
    if (regression_) {
      add_number(targets_, fields, label_, line, false);
    } else {
      labels_.push_back(classes_.add(class_name(fields, line)));
    }
  }

  // A number that is not standardized must be finite in float32.
  void add_number(NumericColumn& to, const std::vector<std::string_view>& fields, std::size_t column,
                  std::uint64_t line, bool standardized) const {
    const auto field = trim(fields[column]);
    double value = 0;
    const char* reason = parse_number(field, value);
    const bool asked = !field.empty() && (reason != nullptr || missing_.may_be_numbers());
    if (asked && missing_(field)) reason = "is a placeholder for a missing value";
    if (reason == nullptr && !standardized && !std::isfinite(static_cast<float>(value)))
      reason = "is not finite in float32";
    if (reason == nullptr) return to.add(value, is_rounded_integer(field, value));
    bad_field(
        line, column, field,
        std::string(reason) + "; a finite number was expected" +
            (rows() == 0 ? " (is this line a header? then set `header`)" : " (`columns` selects the columns to use)"));
  }

  std::string_view class_name(const std::vector<std::string_view>& fields, std::uint64_t line) const {
    const auto label = trim(fields[label_]);
    double value = 0;
    if (label.empty()) bad_field(line, label_, label, "is empty; a class name or number was expected");
    if (missing_(label)) {
      bad_field(
          line, label_, label,
          "is a placeholder for a missing value; a class name or finite number was expected (if it is the name of a "
          "class, set `missing` without it)");
    }
    if (parse_number(label, value) == nullptr || std::isfinite(value)) return label;
    bad_field(line, label_, label, "is not finite; a class name or finite number was expected");
  }

  std::string file_;
  bool regression_, standardized_;
  Missing missing_;
  std::string other_delimiter_;
  Columns columns_;
  bool looks_like_data_ = false;
  std::size_t label_ = 0;
  std::vector<std::size_t> chosen_;
  std::vector<NumericColumn> features_;
  NumericColumn targets_;             // regression
  std::vector<std::int64_t> labels_;  // classification
  Classes classes_;
};
