// What the log says about a table: what was inferred, and warnings about labels and categories.
#pragma once

#include <binade/dataset.h>
#include <binade/options.h>

#include <cstddef>
#include <string>
#include <vector>

#include "column_names.h"
#include "feature.h"
#include "labels.h"

namespace table {

struct Report {
  const std::string& file;
  const ColumnNames& names;
  const std::vector<Feature>& features;
  const Labels& labels;
  std::size_t rows;

  // `width`: the floats of a sample; `ignored`: the columns that are not used.
  void inform(const binade::Host& host, std::size_t width, std::size_t ignored) const {
    host.info(std::to_string(rows) + " rows, " + std::to_string(width) + " features" +
              (classification() ? ", " + labels.classes().listed() : ""));
    host.info(summary(ignored));
  }
  void warn_of_labels(const binade::Host& host) const {
    if (!classification()) return;
    const auto& classes = labels.classes();
    const auto place = file + ": column " + names.shown(labels.columns().front()->number);
    for (const auto& remark : classes.remarks()) host.warning(std::string(place).append(": ").append(remark));
    if (rows >= 20 && classes.size() > rows / 2) {
      host.warning(place + " has " + std::to_string(classes.size()) + " different values in " + std::to_string(rows) +
                   " rows; to predict a number, set task = \"regression\"");
    }
  }
  // Warns of what the training rows lack.
  void warn(const binade::Host& host, const binade::Indices& training) const {
    warn_of_unseen_categories(host);
    const auto absent = classification() ? labels.absent(training) : std::string();
    if (absent.empty()) return;
    host.warning(file + ": no training row has the label " + absent +
                 ", so a model cannot learn it: set [split] stratify = true, or remove such rows");
  }

 private:
  // "12 columns: 7 numeric, 3 categorical (one-hot, 41 values), 1 date, 1 ignored, 1 label"
  std::string summary(std::size_t ignored) const {
    std::size_t counts[5] = {}, values = 0;
    bool integer = false;
    for (const auto& feature : features) {
      ++counts[static_cast<std::size_t>(feature.typed().type)];
      values += feature.categories();
      integer = integer || feature.integer();
    }
    std::string text;
    const auto add = [&](std::size_t count, const std::string& what) {
      if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    };
    add(counts[static_cast<std::size_t>(Type::numeric)], "numeric");
    add(counts[static_cast<std::size_t>(Type::boolean)], "boolean");
    add(counts[static_cast<std::size_t>(Type::categorical)],
        std::string("categorical (") + (integer ? "integer" : "one-hot") + ", " + std::to_string(values) + " values)");
    add(counts[static_cast<std::size_t>(Type::date)], "date");
    add(ignored, "ignored");
    add(labels.columns().size(), labels.columns().size() == 1 ? "label" : "labels");
    return std::to_string(names.size()) + " columns: " + text;
  }
  void warn_of_unseen_categories(const binade::Host& host) const {
    std::vector<std::size_t> columns;
    std::size_t cells = 0;
    for (const auto& feature : features) {
      if (!feature.typed().column.is_category()) continue;
      std::size_t unseen = 0;
      for (std::size_t row = 0; row < rows; ++row) unseen += feature.unseen(row) ? 1 : 0;
      if (unseen > 0) columns.push_back(feature.typed().number);
      cells += unseen;
    }
    if (columns.empty()) return;
    host.warning(file + ": " + names.list(columns, "has", "have") + " categories that no training row has (in " +
                 std::to_string(cells) + (cells == 1 ? " cell" : " cells") +
                 " of other rows); for the model they are unknown");
  }
  bool classification() const { return labels.task() == Task::classification; }
};

}  // namespace table
