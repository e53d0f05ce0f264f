// The numbers behind a benchmark's verdicts: intervals over paired repeats, and whether a loss fell.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace binade::host {

// An estimate with its 95 % confidence interval. NaN where a value is missing; from -inf to inf for a single one, which
// says nothing about its own spread.
struct Interval {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

// The mean, and mean +- t(n - 1) * s / sqrt(n) by Student's t. Values that are all equal give a point.
Interval mean_interval(std::span<const double> values);

// The three that compare two contenders pair by pair: value i of both comes from the same weights and batches.
// contender - baseline
Interval difference_interval(std::span<const double> contender, std::span<const double> baseline);
// 100 * (1 - contender / baseline)
Interval reduction_interval(std::span<const double> contender, std::span<const double> baseline);
// contender / baseline: the t interval of the ratios' logarithms, so that 2x and 0.5x are equally far from 1.
Interval ratio_interval(std::span<const double> contender, std::span<const double> baseline);

double mean(std::span<const double> values);  // NaN of none
double median(std::vector<double> values);    // NaN of none

// Did the training loss fall by more than its noise? `first` and `last` are its means over the first and the last tenth
// of the steps (rounded up), averaged over the repeats. How far the loss of a single step strays is taken from the
// median difference of neighbouring steps, over all repeats: that is hardly touched by a mean that falls, by the first
// steps' leaps, or by a spike. `noise` is what it makes of first - last: its standard error. Learned is what fell by
// more than 3 of them (by chance one benchmark in 740 does) and by more than single precision can tell, a millionth of
// `first`.
struct Learning {
  double first = std::numeric_limits<double>::quiet_NaN();
  double last = std::numeric_limits<double>::quiet_NaN();
  double noise = std::numeric_limits<double>::quiet_NaN();
  bool learned = false;
};

// `losses`: of each repeat, step by step; those that are not finite are passed over. Not learned where no finite one is
// left in a first or last tenth, or fewer than two steps.
Learning learning_of(const std::vector<std::vector<double>>& losses);

}  // namespace binade::host
