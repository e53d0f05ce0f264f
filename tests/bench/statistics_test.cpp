// The expected numbers were computed without Boost: Student's quantiles for 1, 2 and 4 degrees of freedom in closed
// form (12.7062047362, 4.3026527297, 2.7764451052), the rest with Python's statistics module.
#include "host/bench/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "host/bench/verdict.h"

namespace binade::host {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void expect_interval(const Interval& interval, double value, double low, double high) {
  EXPECT_NEAR(interval.value, value, 1e-9);
  EXPECT_NEAR(interval.low, low, 1e-9);
  EXPECT_NEAR(interval.high, high, 1e-9);
}

TEST(MeanInterval, IsStudents) {
  expect_interval(mean_interval(std::vector{1.0, 2.0, 4.0, 7.0, 11.0}), 5, -0.04366300353060826, 10.043663003530607);
}

TEST(MeanInterval, IsAPointOfEqualValues) {
  const auto interval = mean_interval(std::vector{0.1, 0.1, 0.1});
  EXPECT_EQ(interval.low, 0.1) << "exactly, whatever their sum is rounded to";
  EXPECT_EQ(interval.value, 0.1);
  EXPECT_EQ(interval.high, 0.1);
}

TEST(MeanInterval, OfOneValueReachesEverywhere) {
  const auto interval = mean_interval(std::vector{3.0});
  EXPECT_EQ(interval.value, 3);
  EXPECT_EQ(interval.low, -infinity);
  EXPECT_EQ(interval.high, infinity);
}

TEST(MeanInterval, OfAMissingValueIsMissing) {
  EXPECT_TRUE(std::isnan(mean_interval(std::vector{1.0, std::nan("")}).low));
  EXPECT_TRUE(std::isnan(mean_interval(std::vector<double>{}).value));
}

TEST(RatioInterval, IsThatOfTheLogarithmsOfPairs) {
  expect_interval(
      ratio_interval(std::vector{150.0, 160.0, 155.0, 170.0, 165.0}, std::vector{100.0, 104.0, 99.0, 110.0, 108.0}),
      1.5353173798804187, 1.5055251196020991, 1.5656991877929392);
}

TEST(RatioInterval, IsTheReciprocalTheOtherWayRound) {
  const std::vector a{150.0, 160.0, 155.0}, b{100.0, 104.0, 99.0};
  const auto there = ratio_interval(a, b), back = ratio_interval(b, a);
  expect_interval(back, 1 / there.value, 1 / there.high, 1 / there.low);
}

TEST(ReductionInterval, IsInPercentOfTheBaseline) {
  expect_interval(reduction_interval(std::vector{60.0, 55.0, 62.0}, std::vector{100.0, 100.0, 100.0}), 41,
                  32.043314104970406, 49.956685895029594);
}

TEST(DifferenceInterval, IsContenderLessBaseline) {
  expect_interval(difference_interval(std::vector{0.91, 0.93}, std::vector{0.92, 0.92}), 0, -0.12706204736174706,
                  0.12706204736174706);
  EXPECT_GT(difference_interval(std::vector{2.0, 2.0}, std::vector{1.0, 1.0}).value, 0);
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoThere) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(JudgeAtLeast, HasThreeAnswers) {
  EXPECT_EQ(judge_at_least({1.6, 1.5, 1.7}, 1.5), Verdict::met) << "the end of the interval is at the threshold";
  EXPECT_EQ(judge_at_least({1.6, 1.4, 1.8}, 1.5), Verdict::cannot_tell);
  EXPECT_EQ(judge_at_least({1.4, 1.3, 1.5}, 1.5), Verdict::cannot_tell) << "the other end is";
  EXPECT_EQ(judge_at_least({1.4, 1.3, 1.49}, 1.5), Verdict::not_met);
  EXPECT_EQ(judge_at_least({2, -infinity, infinity}, 1.5), Verdict::cannot_tell);
  EXPECT_EQ(judge_at_least({}, 1.5), Verdict::cannot_tell);
}

TEST(JudgeWithin, HasThreeAnswersOnBothSides) {
  EXPECT_EQ(judge_within({0, -0.009, 0.009}, 0.01), Verdict::met);
  EXPECT_EQ(judge_within({0, -0.01, 0.005}, 0.01), Verdict::cannot_tell) << "differs by less, not by as much";
  EXPECT_EQ(judge_within({0, -0.02, 0.02}, 0.01), Verdict::cannot_tell) << "too wide";
  EXPECT_EQ(judge_within({-0.03, -0.05, -0.01}, 0.01), Verdict::not_met);
  EXPECT_EQ(judge_within({0.03, 0.01, 0.05}, 0.01), Verdict::not_met);
  EXPECT_EQ(judge_within({}, 0.01), Verdict::cannot_tell);
}

// 40 losses that alternate by +-`noise` around a line.
std::vector<double> line(double first, double last, double noise) {
  std::vector<double> losses;
  for (int i = 0; i < 40; ++i) losses.push_back(first + (last - first) * i / 39 + (i % 2 == 0 ? noise : -noise));
  return losses;
}

TEST(Learning, IsAFallOfMoreThanTheNoise) {
  EXPECT_TRUE(learning_of({line(2, 1, 0.1), line(2, 1, 0.1)}).learned);
  EXPECT_FALSE(learning_of({line(2, 2, 0.1), line(2, 2, 0.1)}).learned);
  EXPECT_FALSE(learning_of({line(2, 1.9, 0.1), line(2, 1.9, 0.1)}).learned);
  EXPECT_FALSE(learning_of({line(1, 2, 0.1), line(1, 2, 0.1)}).learned) << "it rose";
}

// Steps differ by 0.2: of a normal distribution, that is the median for a deviation of 0.2 / sqrt(2) / 0.67449 each;
// then means over 4 steps of 2 runs, two of them subtracted.
TEST(Learning, MeasuresNoiseByNeighbouringSteps) {
  const auto learning = learning_of({line(2, 2, 0.1), line(2, 2, 0.1)});
  EXPECT_NEAR(learning.noise, 0.2 / std::sqrt(2) / 0.67449 * std::sqrt(2.0 / 8), 1e-6);
  EXPECT_NEAR(learning.first, 2, 1e-12);
  EXPECT_NEAR(learning.last, 2, 1e-12);
}

TEST(Learning, IsNotDeniedForLeapsAtTheStart) {
  auto losses = line(1, 0.2, 0.02);
  losses[1] = 9;
  EXPECT_TRUE(learning_of({losses}).learned);
}

TEST(Learning, IsNotAFallBelowSinglePrecision) {
  EXPECT_FALSE(learning_of({line(2, 2 - 1e-7, 0)}).learned);
  EXPECT_TRUE(learning_of({line(2, 2 - 1e-3, 0)}).learned);
}

TEST(Learning, PassesOverLossesThatAreNotFiniteButNotOverWholeTenths) {
  auto losses = line(2, 1, 0.1);
  losses[1] = infinity;
  losses[39] = std::nan("");
  EXPECT_TRUE(learning_of({losses}).learned);
  for (std::size_t i = 36; i < 40; ++i) losses[i] = std::nan("");
  EXPECT_FALSE(learning_of({losses}).learned);
}

}  // namespace
}  // namespace binade::host
