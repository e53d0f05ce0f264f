// A CSV file as samples: fields "features", float32 [columns], and "label".
#include <binade/dataset.h>

#include <cmath>

#include "class_names.h"
#include "columns.h"
#include "csv_fields.h"
#include "csv_reader.h"
#include "read_file.h"

namespace {

class Csv {
 public:
  Csv(const binade::Options& options, const binade::Host& host)
      : file_(options.path("path")), regression_(options.string("task") == "regression") {
    const auto delimiter = options.string("delimiter");
    if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
      throw std::invalid_argument("`delimiter` must be one character (one byte), and no quote or line end");
    }
    const auto text = read_file(file_);
    CsvReader reader(text, delimiter[0], file_);
    std::vector<std::string_view> fields;
    if (!reader.next(fields)) bad_data("the file is empty");
    const bool header = options.boolean("header");
    name_columns(fields, header, host);
    choose_columns(options);
    if (header && !reader.next(fields)) bad_data("there is a header and no row below it");
    do add(fields, reader.line());
    while (reader.next(fields));
    if (!regression_) finish_classes(host);
    if (options.boolean("standardize")) standardize();
  }

  binade::Description describe() const {
    binade::Description description;
    description.split("train", rows()).independent();
    description.field<float>("features", {static_cast<std::int64_t>(chosen_.size())});
    description.fact("features", static_cast<std::int64_t>(chosen_.size())).fact("target", "label");
    if (regression_) {
      description.field<float>("label", {1}).fact("loss", "mse");
    } else {
      description.field<std::int64_t>("label").fact("loss", "cross_entropy");
      description.fact("classes", static_cast<std::int64_t>(classes_.size()));
    }
    return description;
  }

  void read(const binade::Sample& sample) const {
    const auto row = features_.begin() + static_cast<std::ptrdiff_t>(sample.index() * chosen_.size());
    std::copy_n(row, chosen_.size(), sample.field<float>(0).data());
    if (regression_) {
      sample.field<float>(1)[0] = numbers_[sample.index()];
    } else {
      sample.field<std::int64_t>(1)[0] = labels_[sample.index()];
    }
  }

 private:
  std::size_t rows() const { return regression_ ? numbers_.size() : labels_.size(); }

  [[noreturn]] void bad_data(const std::string& reason) const {
    throw binade::Failure(BINADE_BAD_DATA, file_ + ": " + reason);
  }
  [[noreturn]] void bad_field(std::uint64_t line, std::size_t column, std::string_view field,
                              const char* reason) const {
    const auto place = file_ + ":" + std::to_string(line) + ": column " + std::to_string(column + 1) + " (`" +
                       columns_.name(column) + "`): ";
    const auto shown = field.empty() ? std::string("the field") : "\"" + std::string(field.substr(0, 40)) + "\"";
    throw binade::Failure(BINADE_BAD_DATA, place + shown + " " + reason);
  }

  [[noreturn]] void ragged(std::size_t count, std::uint64_t line) const {
    const auto last = columns_.size() - 1;
    const auto reason = count < columns_.size()
                            ? "column " + std::to_string(count + 1) + " (`" + columns_.name(count) + "`) is missing"
                            : "column " + std::to_string(last + 2) + " has no name; the last is " +
                                  std::to_string(last + 1) + " (`" + columns_.name(last) +
                                  "`); a delimiter inside a field needs quotes around the field";
    throw binade::Failure(BINADE_BAD_DATA, file_ + ":" + std::to_string(line) + ": " + std::to_string(count) +
                                               (count == 1 ? " field" : " fields") + " where the first line has " +
                                               std::to_string(columns_.size()) + ": " + reason);
  }

  void name_columns(const std::vector<std::string_view>& fields, bool header, const binade::Host& host) {
    std::vector<std::string> names;
    bool numeric = true;
    for (const auto field : fields) {
      float number = 0;
      numeric = numeric && parse_number(field, number) == nullptr;
      names.push_back(header ? std::string(trim(field)) : std::to_string(names.size() + 1));
    }
    if (header && numeric)
      host.warning(file_ + ":1: the header looks like a row of data; if it is one, set header = false");
    columns_ = Columns(std::move(names), file_);
  }

  void choose_columns(const binade::Options& options) {
    label_ = options.has("label") ? columns_.find(options.string("label"), "label") : columns_.size() - 1;
    if (options.has("columns")) {
      for (const auto& name : options.strings("columns")) chosen_.push_back(columns_.find(name, "columns"));
    } else {
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        if (column != label_) chosen_.push_back(column);
      }
    }
    if (std::find(chosen_.begin(), chosen_.end(), label_) != chosen_.end()) {
      throw std::invalid_argument("column `" + columns_.name(label_) + "` is the label and stands in `columns` too");
    }
    if (chosen_.empty()) {
      bad_data("no column is left for features beside the label `" + columns_.name(label_) +
               "`: is `delimiter` right?");
    }
  }

  void add(const std::vector<std::string_view>& fields, std::uint64_t line) {
    if (fields.size() != columns_.size()) ragged(fields.size(), line);
    for (const auto column : chosen_) features_.push_back(number(fields, column, line));
    if (regression_) {
      numbers_.push_back(number(fields, label_, line));
    } else {
      const auto label = trim(fields[label_]);
      if (label.empty()) bad_field(line, label_, "", "is empty; a class name or number was expected");
      if (is_no_finite_number(label)) {
        bad_field(line, label_, label, "stands for a missing number; a class name or finite number was expected");
      }
      labels_.push_back(classes_.add(label));
    }
  }

  float number(const std::vector<std::string_view>& fields, std::size_t column, std::uint64_t line) const {
    float value = 0;
    if (const char* reason = parse_number(fields[column], value)) {
      const auto advice =
          std::string(reason) + "; a finite number was expected" +
          (rows() == 0 ? " (is this line a header? `header` says so)" : " (`columns` chooses the columns to use)");
      bad_field(line, column, fields[column], advice.c_str());
    }
    return value;
  }

  void finish_classes(const binade::Host& host) {
    const auto& label = columns_.name(label_);
    const auto sorted = classes_.sort();
    if (classes_.size() < 2) {
      bad_data("every row has the label \"" + classes_.names().front() + "\" (column `" + label +
               "`): a classifier needs two classes");
    }
    if (rows() >= 20 && classes_.size() > rows() / 2) {
      host.warning(file_ + ": column `" + label + "` has " + std::to_string(classes_.size()) + " different values in " +
                   std::to_string(rows()) + " rows; for a number to predict set task = \"regression\"");
    }
    for (auto& number : labels_) number = sorted[static_cast<std::size_t>(number)];
    std::string list;
    constexpr std::size_t shown = 10;
    for (std::size_t i = 0; i < std::min(classes_.size(), shown); ++i) {
      list += (i > 0 ? ", " : " ") + std::to_string(i) + " = " + classes_.names()[i];
    }
    host.info(std::to_string(rows()) + " rows, " + std::to_string(chosen_.size()) + " features, " +
              std::to_string(classes_.size()) + " classes:" + list + (classes_.size() > shown ? ", ..." : ""));
  }

  void standardize() {
    const auto count = static_cast<double>(rows());
    for (std::size_t column = 0; column < chosen_.size(); ++column) {
      double sum = 0, squares = 0;
      for (std::size_t i = column; i < features_.size(); i += chosen_.size()) sum += features_[i];
      const double mean = sum / count;
      for (std::size_t i = column; i < features_.size(); i += chosen_.size()) {
        squares += (features_[i] - mean) * (features_[i] - mean);
      }
      const double deviation = squares > 0 ? std::sqrt(squares / count) : 1;  // a constant column becomes 0
      for (std::size_t i = column; i < features_.size(); i += chosen_.size()) {
        features_[i] = static_cast<float>((features_[i] - mean) / deviation);
      }
    }
  }

  std::string file_;
  bool regression_;
  Columns columns_;
  std::size_t label_ = 0;
  std::vector<std::size_t> chosen_;   // feature columns
  std::vector<float> features_;       // row by row
  std::vector<std::int64_t> labels_;  // classification
  std::vector<float> numbers_;        // regression
  Classes classes_;
};

}  // namespace

BINADE_DATASET(Csv)
