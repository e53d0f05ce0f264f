// The rows of a CSV file as samples with the fields "features", float32 [columns], and "label".
#include <binade/dataset.h>

#include "column_remarks.h"
#include "csv_table.h"

namespace {

class Csv {
 public:
  Csv(const binade::Options& options, const binade::Host& host)
      : host_(host),
        regression_(options.string("task") == "regression"),
        standardize_(options.boolean("standardize")),
        table_(options),
        remarks_(table_.file(), table_.columns(), options.has("columns")) {
    if (table_.header_looks_like_data())
      host.warning(table_.file() + ":1: the header looks like a row of data; if it is one, set header = false");
    auto used = table_.chosen();
    used.push_back(table_.label());
    remarks_.look_at_names(used);
    if (!regression_) take_classes();
  }

  // Learns the scaling of the features from the training rows.
  void fit(std::uint32_t, const binade::Indices& rows) {
    for (std::size_t i = 0; i < table_.chosen().size(); ++i) {
      const auto& column = table_.features()[i];
      const auto fitted = column.at(rows);
      scales_.push_back(standardize_ ? fitted.standard() : Scale());
      remarks_.look_at(table_.chosen()[i], column, fitted, scales_.back());
    }
    if (regression_) {
      remarks_.look_at_target(table_.label(), table_.targets().at(rows), Scale());
    } else {
      warn_of_absent_classes(rows);
    }
    remarks_.tell(host_, standardize_);
  }

  std::vector<std::int64_t> keys(std::uint32_t, std::string_view column) const { return table_.keys(column); }

  binade::Description describe() const {
    const auto columns = static_cast<std::int64_t>(table_.chosen().size());
    binade::Description description;
    description.split("train", table_.rows()).independent();
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
    auto* feature = sample.field<float>(0).data();
    for (std::size_t i = 0; i < scales_.size(); ++i) *feature++ = scales_[i](table_.features()[i][sample.index()]);
    if (regression_) {
      sample.field<float>(1)[0] = static_cast<float>(table_.targets()[sample.index()]);
    } else {
      sample.field<std::int64_t>(1)[0] = table_.labels()[sample.index()];
    }
  }

 private:
  void take_classes() {
    const auto bad_data = [&](const std::string& reason) {
      throw binade::Failure(BINADE_BAD_DATA, table_.file() + ": " + reason);
    };
    auto& classes = table_.classes();
    const auto& label = table_.columns().name(table_.label());
    const auto sorted = classes.sort();
    if (classes.size() < 2) {
      bad_data("every row has the label \"" + classes.names().front() + "\" (column `" + label +
               "`): a classifier needs two classes");
    }
    const auto place = table_.file() + ": column `" + label + "`: ";
    for (const auto& remark : classes.remarks()) host_.warning(std::string(place).append(remark));
    if (table_.rows() >= 20 && classes.size() > table_.rows() / 2) {
      host_.warning(table_.file() + ": column `" + label + "` has " + std::to_string(classes.size()) +
                    " different values in " + std::to_string(table_.rows()) +
                    " rows; to predict a number, set task = \"regression\"");
    }
    classes_ = static_cast<std::int64_t>(classes.size());
    for (auto& number : table_.labels()) number = sorted[static_cast<std::size_t>(number)];
    host_.info(std::to_string(table_.rows()) + " rows, " + std::to_string(table_.chosen().size()) + " features, " +
               classes.listed());
  }

  // The classes are those of all rows: they are what is asked, not what is learned.
  void warn_of_absent_classes(const binade::Indices& rows) const {
    std::vector<bool> present(static_cast<std::size_t>(classes_));
    for (const auto row : rows) present[static_cast<std::size_t>(table_.labels()[row])] = true;
    std::string absent;
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (!present[i]) absent += (absent.empty() ? "" : ", ") + ::quoted(table_.classes().names()[i]);
    }
    if (absent.empty()) return;
    host_.warning(table_.file() + ": no training sample has the label " + absent +
                  ", so a model cannot learn it: set [split] stratify = true, or remove such rows");
  }

  binade::Host host_;
  bool regression_, standardize_;
  CsvTable table_;
  ColumnRemarks remarks_;
  std::vector<Scale> scales_;  // of the features, learned by fit()
  std::int64_t classes_ = 0;
};

}  // namespace

BINADE_DATASET(Csv)
