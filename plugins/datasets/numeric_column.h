// A column of numbers as they were read, in double; float32, which models compute in, comes after the statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

// What is subtracted from the numbers of a column, and what they are divided by. The arithmetic is long double's: the
// difference of two doubles, and its square, may lie outside the range of a double.
struct Scale {
  double mean = 0, deviation = 1;
  float operator()(double number) const {
    return static_cast<float>((static_cast<long double>(number) - mean) / deviation);
  }
};

class NumericColumn {
 public:
  // `rounded`: the file has another number, with more digits than a double.
  void add(double number, bool rounded = false) {
    numbers_.push_back(number);
    rounded_ = rounded_ || rounded;
  }
  std::size_t size() const { return numbers_.size(); }
  double operator[](std::size_t row) const { return numbers_[row]; }
  const std::vector<double>& numbers() const { return numbers_; }

  bool rounded() const { return rounded_; }

  // Every row has the same number.
  bool constant() const {
    return std::all_of(numbers_.begin(), numbers_.end(), [&](double number) { return number == numbers_.front(); });
  }

  // To mean 0 and deviation 1. A constant column becomes 0: the mean of equal numbers need not be that number to the
  // last bit, and dividing what is left would make 1 of it.
  Scale standard() const {
    if (numbers_.empty()) return {};
    if (constant()) return {numbers_.front(), 1};
    const auto count = static_cast<long double>(size());
    long double sum = 0, squares = 0;
    for (const double number : numbers_) sum += number;
    const long double mean = sum / count;
    for (const double number : numbers_) squares += (number - mean) * (number - mean);
    return {static_cast<double>(mean), static_cast<double>(std::sqrt(squares / count))};
  }

 private:
  std::vector<double> numbers_;
  bool rounded_ = false;
};

// How many numbers differ before and after they are scaled and rounded to float32.
struct Distinct {
  std::size_t before = 0, after = 0;

  // More numbers became equal than chance explains: so many numbers that are spread evenly over the 2^24 steps of a
  // float32 meet in about before^2 / 2^25 pairs.
  bool collapsed() const {
    const auto many = static_cast<double>(before);
    return static_cast<double>(before - after) > many * many / 0x1p24;
  }
};

// Whole numbers that lie close enough together to stay apart in float32, whatever their scale.
inline bool small_integers(const NumericColumn& column, const Scale& scale) {
  return std::all_of(column.numbers().begin(), column.numbers().end(), [&](double number) {
    return number == std::trunc(number) && std::abs(number - scale.mean) < 0x1p22;
  });
}

// Looks at every row of a short column, and at rows that are spread evenly over a long one.
inline Distinct count_distinct(const NumericColumn& column, const Scale& scale) {
  if (small_integers(column, scale)) return {};
  constexpr std::size_t looked_at = std::size_t{1} << 14;
  const std::size_t stride = (column.size() + looked_at - 1) / looked_at;
  std::vector<double> numbers;
  for (std::size_t row = 0; row < column.size(); row += stride) numbers.push_back(column[row]);
  if (numbers.empty()) return {};
  std::sort(numbers.begin(), numbers.end());

  // 0.1 + 0.2 is written as 0.30000000000000004 and means 0.3: what the last digits of a double tell apart is noise. Of
  // numbers around zero, it is as large as that of the column's usual numbers.
  auto sizes = numbers;
  for (auto& size : sizes) size = std::abs(size);
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  const double usual = *middle;
  constexpr double noise = 1e-14;

  Distinct distinct{1, 1};
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const double low = numbers[i - 1], high = numbers[i];
    if (high - low <= noise * std::max({std::abs(low), std::abs(high), usual})) continue;
    ++distinct.before;
    if (scale(low) != scale(high)) ++distinct.after;
  }
  return distinct;
}
