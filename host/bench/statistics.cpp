#include "host/bench/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

namespace binade::host {
namespace {

constexpr double upper_quantile = 0.975;  // 95 % lie between it and its negative

template <class Combine>
std::vector<double> paired(std::span<const double> contender, std::span<const double> baseline, Combine combine) {
  std::vector<double> values(std::min(contender.size(), baseline.size()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = combine(contender[i], baseline[i]);
  return values;
}

// Of the finite values; NaN without one.
double finite_mean(std::span<const double> values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  return mean(finite);
}

}  // namespace

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Interval mean_interval(std::span<const double> values) {
  const double centre = mean(values);
  if (!std::isfinite(centre)) return {};
  if (std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; }) && values.size() > 1) {
    return {values[0], values[0], values[0]};
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (values.size() == 1) return {centre, -infinity, infinity};
  const auto n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  const double error = std::sqrt(squares / (n - 1) / n);
  const double half = boost::math::quantile(boost::math::students_t(n - 1), upper_quantile) * error;
  return {centre, centre - half, centre + half};
}

Interval difference_interval(std::span<const double> contender, std::span<const double> baseline) {
  return mean_interval(paired(contender, baseline, [](double c, double b) { return c - b; }));
}

Interval reduction_interval(std::span<const double> contender, std::span<const double> baseline) {
  return mean_interval(paired(contender, baseline, [](double c, double b) { return 100 * (1 - c / b); }));
}

Interval ratio_interval(std::span<const double> contender, std::span<const double> baseline) {
  const auto logs = mean_interval(paired(contender, baseline, [](double c, double b) { return std::log(c / b); }));
  return {std::exp(logs.value), std::exp(logs.low), std::exp(logs.high)};
}

Learning learning_of(const std::vector<std::vector<double>>& losses) {
  constexpr double errors = 3, resolution = 1e-6;
  // The median absolute value of a normal distribution, in standard deviations.
  constexpr double median_of_normal = 0.6744897501960817;
  std::vector<double> first, last, differences;
  double averaged = 0;
  for (const auto& run : losses) {
    const auto tenth = (run.size() + 9) / 10;
    first.push_back(finite_mean(std::span(run).first(tenth)));
    last.push_back(finite_mean(std::span(run).last(tenth)));
    averaged += static_cast<double>(tenth);
    for (std::size_t i = 1; i < run.size(); ++i) {
      const double difference = std::abs(run[i] - run[i - 1]);
      if (std::isfinite(difference)) differences.push_back(difference);
    }
  }
  // The difference of two steps and that of the two means both have twice the variance of one, so the factor cancels.
  Learning learning{mean(first), mean(last), median(std::move(differences)) / median_of_normal / std::sqrt(averaged)};
  const double fall = learning.first - learning.last;  // NaN compares false
  learning.learned = fall > errors * learning.noise && fall > resolution * std::abs(learning.first);
  return learning;
}

}  // namespace binade::host
