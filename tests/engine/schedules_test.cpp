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

TEST(Schedule, HoldsWhileNoStepIsApplied) {
  Schedule schedule(cosine_schedule(0, 0).table(), 1.0, 4);
  schedule.step();
  const double held = schedule.lr();
  EXPECT_EQ(schedule.lr(), held);
}

}  // namespace
}  // namespace binade::host
