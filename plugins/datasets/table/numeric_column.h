// Statistics of numbers in double precision. They are converted to float32 only after scaling.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace table {

// Shifts and scales the numbers of a column. Computes in long double, because the difference of two doubles, and its
// square, may be outside the range of double.
struct Scale {
  double mean = 0, deviation = 1;
  float operator()(double number) const {
    return static_cast<float>((static_cast<long double>(number) - mean) / deviation);
  }
};

class NumericColumn {
 public:
  explicit NumericColumn(std::vector<double> numbers) : numbers_(std::move(numbers)) {}
  std::size_t size() const { return numbers_.size(); }
  double operator[](std::size_t row) const { return numbers_[row]; }
  const std::vector<double>& numbers() const { return numbers_; }

  // True if every row has the same number.
  bool constant() const {
    return std::all_of(numbers_.begin(), numbers_.end(), [&](double number) { return number == numbers_.front(); });
  }

  // Standardizes to mean 0 and deviation 1. A constant column becomes 0; without the special case, the rounding error
  // of its mean would be scaled up to 1.
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

  double mean() const {
    long double sum = 0;
    for (const double number : numbers_) sum += number;
    return static_cast<double>(sum / static_cast<long double>(size()));
  }
  double median() const {
    auto sorted = numbers_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    if (size() % 2 == 1) return *middle;
    return *middle / 2 + *std::max_element(sorted.begin(), middle) / 2;
  }
  // The smallest of the most frequent numbers.
  double most_frequent() const {
    auto sorted = numbers_;
    std::sort(sorted.begin(), sorted.end());
    double best = sorted.front();
    std::size_t most = 0;
    for (auto at = sorted.begin(); at != sorted.end();) {
      const auto end = std::upper_bound(at, sorted.end(), *at);
      if (static_cast<std::size_t>(end - at) > most) {
        most = static_cast<std::size_t>(end - at);
        best = *at;
      }
      at = end;
    }
    return best;
  }

 private:
  std::vector<double> numbers_;
};

// The number of distinct values before and after scaling and rounding to float32.
struct Distinct {
  std::size_t before = 0, after = 0;

  // True if more numbers became equal than by chance: numbers spread evenly over the 2^24 steps of a float32 collide in
  // about before^2 / 2^25 pairs.
  bool collapsed() const {
    const auto many = static_cast<double>(before);
    return static_cast<double>(before - after) > many * many / 0x1p24;
  }
};

// True for integers so close together that they stay distinct in float32 at any scale.
inline bool small_integers(const NumericColumn& column, const Scale& scale) {
  return std::all_of(column.numbers().begin(), column.numbers().end(), [&](double number) {
    return number == std::trunc(number) && std::abs(number - scale.mean) < 0x1p22;
  });
}

// Counts all rows of a short column, and a sample of evenly spaced rows of a long one.
inline Distinct count_distinct(const NumericColumn& column, const Scale& scale) {
  if (small_integers(column, scale)) return {};
  constexpr std::size_t looked_at = std::size_t{1} << 14;
  const std::size_t stride = (column.size() + looked_at - 1) / looked_at;
  std::vector<double> numbers;
  for (std::size_t row = 0; row < column.size(); row += stride) numbers.push_back(column[row]);
  if (numbers.empty()) return {};
  std::sort(numbers.begin(), numbers.end());

  // Differences in the last digits of a double are noise: 0.30000000000000004 means 0.3. For numbers near zero, the
  // noise is that of the column's typical magnitude.
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

}  // namespace table
