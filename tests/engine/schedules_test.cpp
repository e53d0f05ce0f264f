#include "host/engine/schedules.h"

#include <gtest/gtest.h>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::constant_schedule;
using testing::cosine_schedule;

std::vector<double> rates(Schedule schedule, int steps) {
  std::vector<double> rates;
  for (int step = 0; step < steps; ++step) {
    rates.push_back(schedule.lr());
    schedule.step();
  }
  return rates;
}

TEST(Schedule, ConstantStaysAtTheRate) {
  EXPECT_EQ(rates(Schedule(constant_schedule().table(), 0.5, 10), 3), (std::vector<double>{0.5, 0.5, 0.5}));
}

TEST(Schedule, WarmsUpLinearlyToTheRate) {
  EXPECT_EQ(rates(Schedule(constant_schedule(4).table(), 1.0, 10), 6),
            (std::vector<double>{0.25, 0.5, 0.75, 1.0, 1.0, 1.0}));
}

TEST(Schedule, CosineFallsFromTheRateOverHalfOfItToTheMinimumAndStaysThere) {
  const auto lr = rates(Schedule(cosine_schedule(2, 0.2).table(), 1.0, 6), 8);
  EXPECT_DOUBLE_EQ(lr[2], 1.0);
  EXPECT_DOUBLE_EQ(lr[4], 0.6);
  EXPECT_DOUBLE_EQ(lr[6], 0.2);
  EXPECT_DOUBLE_EQ(lr[7], 0.2);
}

TEST(Schedule, LinearFallsEvenlyToTheMinimumAndStaysThere) {
  testing::Options options;
  options.string("name", "linear").integer("warmup_steps", 1).number("min_lr", 0.2);
  const auto lr = rates(Schedule(options.table(), 1.0, 5), 7);
  const std::vector<double> expected{1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.2};
  for (std::size_t k = 0; k < lr.size(); ++k) EXPECT_DOUBLE_EQ(lr[k], expected[k]) << k;
}

TEST(Schedule, StepDropsByGamma) {
  testing::Options options;
  options.string("name", "step").integer("warmup_steps", 2).integer("step_size", 2).number("gamma", 0.5);
  const auto lr = rates(Schedule(options.table(), 1.0, 0), 7);
  EXPECT_EQ(lr, (std::vector<double>{0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25}));
}

// torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10, pct_start=0.3, div_factor=25, final_div_factor=1e4),
// PyTorch 2.11, rounded to 12 digits.
TEST(Schedule, OneCycleIsPyTorchs) {
  testing::Options options;
  options.string("name", "one_cycle").number("pct_start", 0.3).number("div_factor", 25).number("final_div_factor", 1e4);
  const auto lr = rates(Schedule(options.table(), 1.0, 10), 12);
  const std::vector<double> expected{
      0.04, 0.52, 1, 0.950484632013, 0.81174565395, 0.611262021936, 0.388741978064, 0.18825834605, 0.0495193679865,
      4e-06};
  for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(lr[k], expected[k], 1e-11) << k;
  EXPECT_EQ(lr[11], lr[9]) << "beyond its end it stays";
}

TEST(Schedule, GoesOnWhereItsStateSays) {
  Schedule whole(cosine_schedule(2, 0.1).table(), 1.0, 10), resumed(cosine_schedule(2, 0.1).table(), 1.0, 10);
  for (int k = 0; k < 6; ++k) whole.step();
  resumed.set_applied_steps(whole.applied_steps());
  EXPECT_EQ(resumed.lr(), whole.lr());
}

TEST(Schedule, HoldsWhileNoStepIsApplied) {
  Schedule schedule(cosine_schedule(0, 0).table(), 1.0, 4);
  schedule.step();
  const double held = schedule.lr();
  EXPECT_EQ(schedule.lr(), held);
}

}  // namespace
}  // namespace binade::host
