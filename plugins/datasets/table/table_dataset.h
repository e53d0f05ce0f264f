// A table as a dataset: rows are samples with the fields "features", float32, and "label", and with integer categories
// also "categories", int64. All file formats share it; what is learned from data, fit() learns from training rows
// alone.
#pragma once

#include <binade/dataset.h>
#include <binade/options.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "column_remarks.h"
#include "feature.h"
#include "inference.h"
#include "labels.h"
#include "report.h"
#include "row_keys.h"
#include "schema.h"
#include "settings.h"
#include "source.h"

namespace table {

class TableDataset {
 public:
  TableDataset(std::unique_ptr<Source> source, Settings settings, const binade::Host& host)
      : host_(host), settings_(std::move(settings)), source_(std::move(source)), schema_(*source_, settings_) {
    columns_ = Inference(*source_, schema_, settings_, host_).read();
    rows_ = columns_.front().column.size();
    std::vector<const TypedColumn*> labels;
    for (std::size_t i = schema_.features().size(); i < columns_.size(); ++i) labels.push_back(&columns_[i]);
    refuse_gaps();
    labels_ = std::make_unique<Labels>(std::move(labels), *source_, settings_);
    Report{source_->file(), source_->names(), features_, *labels_, rows_}.warn_of_labels(host_);
    source_->remark(schema_.features(), settings_.rules, host_);
  }

  TableDataset(const TableDataset&) = delete;
  TableDataset& operator=(const TableDataset&) = delete;

  binade::Description describe() const {
    binade::Description description;
    description.split("train", rows_).independent().fact("target", "label");
    if (width_ > 0) {
      description.field<float>("features", {static_cast<std::int64_t>(width_)});
      description.fact("features", static_cast<std::int64_t>(width_));
    }
    if (embedded_ > 0) {
      description.field<std::int64_t>("categories", {static_cast<std::int64_t>(embedded_)});
      description.fact("categories", static_cast<std::int64_t>(embeddings_));
      description.fact("categorical_columns", static_cast<std::int64_t>(embedded_));
    }
    labels_->describe(description);
    return description;
  }

  void fit(std::uint32_t, const binade::Indices& rows) {
    ColumnRemarks remarks(source_->file(), source_->names(), !settings_.columns.empty());
    features_.reserve(schema_.features().size());
    for (std::size_t i = 0; i < schema_.features().size(); ++i) {
      auto& feature = features_.emplace_back(columns_[i]);
      if (!feature.fit(rows, settings_)) refuse_empty(feature);
      remarks.look_at(feature, rows.size());
      feature.forget();
      refuse_overflow(feature);
      if (feature.integer()) {
        ++embedded_;
        embeddings_ += feature.width();
      } else {
        width_ += feature.width();
      }
    }
    if (width_ > most_inputs) refuse_width();
    if (settings_.task == Task::regression) look_at_targets(rows, remarks);
    const Report report{source_->file(), source_->names(), features_, *labels_, rows_};
    report.inform(host_, width_, schema_.ignored());
    remarks.tell(host_, settings_.standardize);
    report.warn(host_, rows);
  }

  std::vector<std::int64_t> keys(std::uint32_t, std::string_view column) const {
    if (column.empty()) {
      std::vector<std::int64_t> keys = row_keys(labels_->columns().front()->column);
      for (std::size_t i = 1; i < labels_->columns().size(); ++i)
        combine(keys, row_keys(labels_->columns()[i]->column));
      return keys;
    }
    const auto number = source_->names().find(std::string(column), "split", BINADE_INVALID_ARGUMENT);
    for (const auto& typed : columns_) {
      if (typed.number == number && !typed.column.findings().rounded) return row_keys(typed.column);
    }
    // Not in memory: an identifier that is not a feature, for example.
    auto read = source_->read({{number, Form::category, false}}, settings_.rules);
    if (read.front().size() == rows_) return row_keys(read.front());
    throw binade::Failure(BINADE_BAD_DATA, source_->file() + ": the file has changed while it was read");
  }

  void read(const binade::Sample& sample) const {
    std::size_t field = 0;
    const auto row = sample.index();
    auto* inputs = width_ > 0 ? sample.field<float>(field++).data() : nullptr;
    auto* categories = embedded_ > 0 ? sample.field<std::int64_t>(field++).data() : nullptr;
    std::int64_t first = 0;
    for (const auto& feature : features_) {
      if (feature.integer()) {
        *categories++ = first + feature.category(row);
        first += static_cast<std::int64_t>(feature.width());
      } else {
        feature.write(row, inputs);
        inputs += feature.width();
      }
    }
    labels_->write(sample, field);
  }

 private:
  static constexpr std::size_t most_inputs = 1'000'000;  // 4 MB a sample

  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, source_->file() + reason);
  }
  std::string shown(const TypedColumn& column) const { return source_->names().shown(column.number); }

  // A missing number is an error unless the experiment says how to fill it in; a missing category is the category
  // "unknown".
  void refuse_gaps() const {
    if (settings_.impute != Impute::error) return;
    for (std::size_t i = 0; i < schema_.features().size(); ++i) {
      const auto& [number, type, column] = columns_[i];
      const auto& found = column.findings();
      if (type == Type::categorical || found.missing == 0) continue;
      const auto& example = found.first_missing;
      bad_data(":" + std::to_string(example.line) + ": column " + std::to_string(number + 1) + " (" +
               shown(columns_[i]) + "): " + (example.text.empty() ? "the field" : ::quoted(example.text)) +
               (example.text.empty() ? " is empty" : " is a placeholder for a missing value") +
               "; a finite number was " + "expected (" + std::to_string(found.missing) + " of " +
               std::to_string(rows_) +
               " rows have none: set impute = \"median\" or another way to fill them in, or leave the column out with "
               "`ignore`)");
    }
  }
  [[noreturn]] void refuse_empty(const Feature& feature) const {
    bad_data(": column " + shown(feature.typed()) + " has no value in any training row, so " +
             "there is nothing to fill its gaps with: leave it out with `ignore`, or set impute = \"constant\"");
  }
  [[noreturn]] void refuse_width() const {
    const Feature* widest = &features_.front();
    for (const auto& feature : features_) {
      if (!feature.integer() && feature.width() > widest->width()) widest = &feature;
    }
    bad_data(": the columns become " + std::to_string(width_) + " inputs, more than " + std::to_string(most_inputs) +
             "; most, " + std::to_string(widest->width()) + ", are the categories of column " + shown(widest->typed()) +
             ": leave it out with `ignore`, or set categorical_encoding = \"integer\"");
  }
  // A number outside the training rows may be so far from their mean that it has no float32.
  void refuse_overflow(const Feature& feature) const {
    const auto& column = feature.typed().column;
    if (column.is_category()) return;
    for (std::size_t row = 0; row < rows_; ++row) {
      const double number = column.number(row);
      if (std::isnan(number) || std::isfinite(feature.scale()(number))) continue;
      char text[32];
      std::snprintf(text, sizeof(text), "%g", number);
      bad_data(
          ": column " + shown(feature.typed()) + ": the number " + text + " in row " + std::to_string(row + 1) +
          " is too far from the training rows' mean to be standardized in float32: correct it, or leave the column "
          "out with `ignore`");
    }
  }

  void look_at_targets(const binade::Indices& rows, ColumnRemarks& remarks) const {
    for (const auto* target : labels_->columns()) {
      std::vector<double> numbers;
      numbers.reserve(rows.size());
      for (const auto row : rows) numbers.push_back(target->column.number(row));
      remarks.look_at_target(*target, NumericColumn(std::move(numbers)));
    }
  }
  binade::Host host_;
  Settings settings_;
  std::unique_ptr<Source> source_;
  Schema schema_;
  std::vector<TypedColumn> columns_;  // the features, then the labels
  std::size_t rows_ = 0;
  std::unique_ptr<Labels> labels_;
  std::vector<Feature> features_;  // learned by fit()
  std::size_t width_ = 0;          // floats of a sample
  std::size_t embedded_ = 0;       // integers of a sample
  std::size_t embeddings_ = 0;     // below which they all are
};

}  // namespace table
