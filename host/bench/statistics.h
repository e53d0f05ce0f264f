// Statistics for a benchmark's verdicts: intervals over paired repeats, and whether a loss fell.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace binade::host {

// An estimate with its 95 % confidence interval. NaN when a value is missing; from -inf to inf for a single value,
// which says nothing about its spread.
struct Interval {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

// The mean, and mean +- t(n - 1) * s / sqrt(n) by Student's t. Equal values give a point.
Interval mean_interval(std::span<const double> values);

// These three compare two contenders pair by pair: value i of both comes from the same weights and batches.
// contender - baseline
Interval difference_interval(std::span<const double> contender, std::span<const double> baseline);
// 100 * (1 - contender / baseline)
Interval reduction_interval(std::span<const double> contender, std::span<const double> baseline);
// contender / baseline: the t interval of the ratios' logarithms, so that 2x and 0.5x are equally far from 1.
Interval ratio_interval(std::span<const double> contender, std::span<const double> baseline);

double mean(std::span<const double> values);  // NaN without values
double median(std::vector<double> values);    // NaN without values

// Whether the training loss fell by more than its noise. `first` and `last` are its means over the first and the last
// tenth of the steps (rounded up), averaged over the repeats. `noise` is the standard error of first - last. It is
// computed from the median difference of neighbouring steps over all repeats, which a falling mean, large first steps
// or a spike hardly affect. A contender learned when its loss fell by more than 3 standard errors (by chance, one
// benchmark in 740) and by more than a millionth of `first`, which single precision cannot resolve.
struct Learning {
  double first = std::numeric_limits<double>::quiet_NaN();
  double last = std::numeric_limits<double>::quiet_NaN();
  double noise = std::numeric_limits<double>::quiet_NaN();
  bool learned = false;
};

// `losses`: those of each repeat, step by step. Ignores losses that are not finite. Returns "not learned" when a first
// or last tenth has no finite loss, and for fewer than two steps.
Learning learning_of(const std::vector<std::vector<double>>& losses);

}  // namespace binade::host
