// A column in memory, and what its cells were found to be. A column is read in a form that is assumed; the findings say
// whether every cell has it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dictionary.h"
#include "number_store.h"

namespace table {

// How the cells of a column are read and stored: as numbers, as days (numbers, too), or as codes of categories.
enum class Form : std::uint8_t { number, month_first_date, day_first_date, category };

// The first cell of a kind.
struct Example {
  std::uint64_t line = 0;  // 0: there is none
  std::string text;
  std::string reason;
};

struct Findings {
  std::uint64_t missing = 0, fitting = 0, unfit = 0;  // cells; unfit ones are stored as missing
  Example first_missing, first_unfit;
  Example unusable;                           // a number that is not finite
  bool rounded = false;                       // an integer has more digits than a double holds
  std::uint64_t slashed = 0;                  // dates whose order the column must decide
  bool month_first = true, day_first = true;  // these orders are possible

  void append(const Findings& later) {
    const auto first = [](Example& mine, const Example& other) {
      if (mine.line == 0) mine = other;
    };
    first(first_missing, later.first_missing);
    first(first_unfit, later.first_unfit);
    first(unusable, later.unusable);
    missing += later.missing;
    fitting += later.fitting;
    unfit += later.unfit;
    slashed += later.slashed;
    rounded = rounded || later.rounded;
    month_first = month_first && later.month_first;
    day_first = day_first && later.day_first;
  }
};

class Column {
 public:
  static constexpr std::int32_t missing_code = -1;

  // `finite_float`: its numbers must be finite in float32, because they are not standardized.
  Column(Form form, bool finite_float) : form_(form), finite_float_(finite_float) {
    if (form == Form::category) dictionary_ = std::make_unique<Dictionary>();
  }
  // A column of numbers.
  explicit Column(NumberStore numbers) : form_(Form::number), numbers_(std::move(numbers)) {}

  Form form() const { return form_; }
  bool finite_float() const { return finite_float_; }
  bool is_category() const { return form_ == Form::category; }
  bool is_date() const { return form_ == Form::month_first_date || form_ == Form::day_first_date; }
  std::size_t size() const { return is_category() ? codes_.size() : numbers_.size(); }
  double number(std::size_t row) const { return numbers_[row]; }    // NaN: missing
  std::int32_t code(std::size_t row) const { return codes_[row]; }  // of a category, or missing_code
  const Dictionary& dictionary() const { return *dictionary_; }     // of a category
  Findings& findings() { return findings_; }
  const Findings& findings() const { return findings_; }

  void reserve(std::size_t rows) { is_category() ? codes_.reserve(rows) : numbers_.reserve(rows); }
  void add_number(double number) { numbers_.add(number); }
  void add_category(std::string_view text, std::uint64_t line) { codes_.push_back(dictionary_->add(text, line)); }
  void add_missing() {
    if (is_category()) return codes_.push_back(missing_code);
    numbers_.add(std::numeric_limits<double>::quiet_NaN());
  }
  // Appends the rows of a column of the same form that follow.
  void append(const Column& later) {
    findings_.append(later.findings_);
    if (!is_category()) return numbers_.append(later.numbers_);
    std::vector<std::int32_t> mine;
    mine.reserve(later.dictionary_->size());
    for (const auto& entry : *later.dictionary_) mine.push_back(dictionary_->add(entry.text, entry.line, entry.count));
    for (const auto code : later.codes_) {
      codes_.push_back(code == missing_code ? missing_code : mine[static_cast<std::size_t>(code)]);
    }
  }

 private:
  Form form_;
  bool finite_float_ = false;
  NumberStore numbers_;
  std::vector<std::int32_t> codes_;
  std::unique_ptr<Dictionary> dictionary_;
  Findings findings_;
};

}  // namespace table
