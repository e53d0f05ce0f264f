// A feature column with what is learned from the training rows: how its cells become model inputs.
#pragma once

#include <binade/dataset.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "numeric_column.h"
#include "settings.h"
#include "typed_column.h"

namespace table {

class Feature {
 public:
  // `column` must outlive the feature.
  explicit Feature(const TypedColumn& column) : typed_(column), column_(column.column) {}

  // Learns from some rows. Returns false if there is no value to learn a fill-in value from.
  bool fit(const binade::Indices& rows, const Settings& settings) {
    if (column_.is_category()) return fit_categories(rows, settings), true;
    std::vector<double> present;
    present.reserve(rows.size());
    for (const auto row : rows) {
      if (const double number = column_.number(row); !std::isnan(number)) present.push_back(number);
    }
    gaps_ = rows.size() - present.size();
    indicator_ = settings.missing_indicator && gaps_ > 0;
    const bool empty = present.empty();
    fitted_ = NumericColumn(std::move(present));
    if (settings.impute == Impute::constant) fill_ = settings.fill_value;
    if (empty) return settings.impute == Impute::constant;
    if (settings.impute == Impute::mean) fill_ = fitted_.mean();
    if (settings.impute == Impute::median) fill_ = fitted_.median();
    if (settings.impute == Impute::most_frequent) fill_ = fitted_.most_frequent();
    if (settings.standardize && typed_.type != Type::boolean) scale_ = fitted_.standard();
    return true;
  }
  // The numbers that fit() has seen; only until forget().
  const NumericColumn& fitted() const { return fitted_; }
  void forget() { fitted_ = NumericColumn({}); }

  const TypedColumn& typed() const { return typed_; }
  const Scale& scale() const { return scale_; }
  bool integer() const { return integer_; }
  // Training rows without a value.
  std::uint64_t gaps() const { return gaps_; }
  // Categories in the training rows.
  std::size_t categories() const { return categories_; }
  // Inputs: floats for write(), or the size of an embedding if integer().
  std::size_t width() const {
    if (!column_.is_category()) return indicator_ ? 2 : 1;
    return categories_ + (has_unknown_ ? 1 : 0);
  }

  // Writes width() floats.
  void write(std::uint64_t row, float* inputs) const {
    if (column_.is_category()) {
      std::fill_n(inputs, width(), 0.0F);
      if (const auto place = category(row); place >= 0) inputs[place] = 1;
      return;
    }
    const double number = column_.number(row);
    const bool missing = std::isnan(number);
    inputs[0] = scale_(missing ? fill_ : number);
    if (indicator_) inputs[1] = missing ? 1 : 0;
  }
  // The place of a row's category, below width(); -1 for an unknown one that has no place.
  std::int64_t category(std::uint64_t row) const {
    const auto code = column_.code(row);
    return code == Column::missing_code ? missing_ : places_[static_cast<std::size_t>(code)];
  }
  // True if the row has a category that no training row has.
  bool unseen(std::uint64_t row) const {
    const auto code = column_.code(row);
    return code != Column::missing_code && places_[static_cast<std::size_t>(code)] == unknown_;
  }

 private:
  // Sorts the categories of the rows. Unknown ones come first in an embedding, and last in a one-hot encoding.
  void fit_categories(const binade::Indices& rows, const Settings& settings) {
    const auto& dictionary = column_.dictionary();
    std::vector<std::uint64_t> counts(dictionary.size());
    gaps_ = 0;
    for (const auto row : rows) {
      const auto code = column_.code(row);
      code == Column::missing_code ? ++gaps_ : ++counts[static_cast<std::size_t>(code)];
    }
    std::vector<std::int32_t> known;
    for (std::size_t code = 0; code < counts.size(); ++code) {
      if (counts[code] > 0) known.push_back(static_cast<std::int32_t>(code));
    }
    const auto text = [&](std::int32_t code) -> const auto& { return dictionary[static_cast<std::size_t>(code)].text; };
    std::sort(known.begin(), known.end(), [&](auto a, auto b) { return text(a) < text(b); });
    categories_ = known.size();
    integer_ = settings.integer_categories;
    const bool fill = settings.impute == Impute::most_frequent && !known.empty();
    has_unknown_ = integer_ || (gaps_ > 0 && !fill);
    unknown_ = integer_ ? 0 : has_unknown_ ? static_cast<std::int64_t>(categories_) : -1;
    places_.assign(dictionary.size(), unknown_);
    std::int64_t place = integer_ ? 1 : 0;
    for (const auto code : known) places_[static_cast<std::size_t>(code)] = place++;
    missing_ = unknown_;
    if (!fill) return;
    const auto most = std::max_element(known.begin(), known.end(), [&](auto a, auto b) {
      return counts[static_cast<std::size_t>(a)] < counts[static_cast<std::size_t>(b)];
    });
    missing_ = places_[static_cast<std::size_t>(*most)];
  }

  const TypedColumn& typed_;
  const Column& column_;
  std::uint64_t gaps_ = 0;
  NumericColumn fitted_{{}};
  Scale scale_;
  double fill_ = std::numeric_limits<double>::quiet_NaN();
  bool indicator_ = false;
  bool integer_ = false, has_unknown_ = false;
  std::size_t categories_ = 0;
  std::int64_t unknown_ = -1, missing_ = -1;
  std::vector<std::int64_t> places_;  // of each code
};

}  // namespace table
