// The rows of a CSV file as samples with the fields "features", float32 [columns], and "label".
#include <binade/dataset.h>

#include "column_remarks.h"
#include "csv_table.h"

namespace {

class Csv {
 public:
  Csv(const binade::Options& options, const binade::Host& host)
      : regression_(options.string("task") == "regression"), standardize_(options.boolean("standardize")) {
    CsvTable table(options);
    if (table.header_looks_like_data())
      host.warning(table.file() + ":1: the header looks like a row of data; if it is one, set header = false");
    ColumnRemarks remarks(table.file(), table.columns(), options.has("columns"));
    auto used = table.chosen();
    used.push_back(table.label());
    remarks.look_at_names(used);
    take_features(table, remarks);
    if (regression_) {
      take_targets(table, remarks);
    } else {
      take_classes(table, host);
    }
    remarks.tell(host, standardize_);
  }

  binade::Description describe() const {
    const auto columns = static_cast<std::int64_t>(columns_);
    binade::Description description;
    description.split("train", rows()).independent();
    description.field<float>("features", {columns});
    description.fact("features", columns).fact("target", "label");
    if (regression_) {
      description.field<float>("label", {1}).fact("loss", "mse");
    } else {
      description.field<std::int64_t>("label").fact("loss", "cross_entropy").fact("classes", classes_);
    }
    return description;
  }

  void read(const binade::Sample& sample) const {
    const auto row = features_.begin() + static_cast<std::ptrdiff_t>(sample.index() * columns_);
    std::copy_n(row, columns_, sample.field<float>(0).data());
    if (regression_) {
      sample.field<float>(1)[0] = targets_[sample.index()];
    } else {
      sample.field<std::int64_t>(1)[0] = labels_[sample.index()];
    }
  }

 private:
  std::size_t rows() const { return regression_ ? targets_.size() : labels_.size(); }

  // Converts columns of doubles to rows of floats. Frees each column before the next one, to save memory.
  void take_features(CsvTable& table, ColumnRemarks& remarks) {
    columns_ = table.chosen().size();
    features_.resize(table.rows() * columns_);
    for (std::size_t i = 0; i < columns_; ++i) {
      const auto column = std::move(table.features()[i]);
      const auto scale = standardize_ ? column.standard() : Scale();
      remarks.look_at(table.chosen()[i], column, scale);
      for (std::size_t row = 0; row < column.size(); ++row) features_[row * columns_ + i] = scale(column[row]);
    }
  }

  void take_targets(const CsvTable& table, ColumnRemarks& remarks) {
    const auto& column = table.targets();
    const Scale scale;
    remarks.look_at_target(table.label(), column, scale);
    for (const double number : column.numbers()) targets_.push_back(scale(number));
  }

  void take_classes(CsvTable& table, const binade::Host& host) {
    const auto bad_data = [&](const std::string& reason) {
      throw binade::Failure(BINADE_BAD_DATA, table.file() + ": " + reason);
    };
    auto& classes = table.classes();
    const auto& label = table.columns().name(table.label());
    const auto sorted = classes.sort();
    if (classes.size() < 2) {
      bad_data("every row has the label \"" + classes.names().front() + "\" (column `" + label +
               "`): a classifier needs two classes");
    }
    const auto place = table.file() + ": column `" + label + "`: ";
    for (const auto& remark : classes.remarks()) host.warning(std::string(place).append(remark));
    if (table.rows() >= 20 && classes.size() > table.rows() / 2) {
      host.warning(table.file() + ": column `" + label + "` has " + std::to_string(classes.size()) +
                   " different values in " + std::to_string(table.rows()) +
                   " rows; to predict a number, set task = \"regression\"");
    }
    classes_ = static_cast<std::int64_t>(classes.size());
    labels_ = std::move(table.labels());
    for (auto& number : labels_) number = sorted[static_cast<std::size_t>(number)];
    host.info(std::to_string(rows()) + " rows, " + std::to_string(columns_) + " features, " + classes.listed());
  }

  bool regression_, standardize_;
  std::size_t columns_ = 0;
  std::vector<float> features_;       // row by row
  std::vector<std::int64_t> labels_;  // classification
  std::int64_t classes_ = 0;
  std::vector<float> targets_;  // regression
};

}  // namespace

BINADE_DATASET(Csv)
