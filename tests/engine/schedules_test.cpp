#include "host/engine/optim/schedules.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

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
  EXPECT_EQ(rates(Schedule(constant_schedule(), 0.5, 10), 3), (std::vector<double>{0.5, 0.5, 0.5}));
}

TEST(Schedule, WarmsUpLinearlyToTheRate) {
  EXPECT_EQ(rates(Schedule(constant_schedule(4), 1.0, 10), 6), (std::vector<double>{0.25, 0.5, 0.75, 1.0, 1.0, 1.0}));
}

TEST(Schedule, CosineFallsFromTheRateOverHalfOfItToTheMinimumAndStaysThere) {
  const auto lr = rates(Schedule(cosine_schedule(2, 0.2), 1.0, 6), 8);
  EXPECT_DOUBLE_EQ(lr[2], 1.0);
  EXPECT_DOUBLE_EQ(lr[4], 0.6);
  EXPECT_DOUBLE_EQ(lr[6], 0.2);
  EXPECT_DOUBLE_EQ(lr[7], 0.2);
}

TEST(Schedule, LinearFallsEvenlyToTheMinimumAndStaysThere) {
  const ScheduleSettings settings{.name = "linear", .warmup_steps = 1, .min_lr = 0.2};
  const auto lr = rates(Schedule(settings, 1.0, 5), 7);
  const std::vector<double> expected{1.0, 1.0, 0.8, 0.6, 0.4, 0.2, 0.2};
  for (std::size_t k = 0; k < lr.size(); ++k) EXPECT_DOUBLE_EQ(lr[k], expected[k]) << k;
}

TEST(Schedule, StepDropsByGamma) {
  const ScheduleSettings settings{.name = "step", .warmup_steps = 2, .step_size = 2, .gamma = 0.5};
  const auto lr = rates(Schedule(settings, 1.0, 0), 7);
  EXPECT_EQ(lr, (std::vector<double>{0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25}));
}

TEST(Schedule, ExponentialMultipliesInEveryStep) {
  ScheduleSettings settings;
  settings.name = "exponential";
  settings.gamma = 2;
  EXPECT_EQ(rates(Schedule(settings, 0.25, 10), 4), (std::vector<double>{0.25, 0.5, 1, 2}));
}

ScheduleSettings one_cycle_schedule(double pct_start, bool cycle_momentum = false) {
  return {.name = "one_cycle",
          .pct_start = pct_start,
          .div_factor = 25,
          .final_div_factor = 1e4,
          .cycle_momentum = cycle_momentum,
          .base_momentum = 0.85,
          .max_momentum = 0.95};
}

// torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10, pct_start=0.3, div_factor=25, final_div_factor=1e4),
// PyTorch 2.11, rounded to 12 digits.
TEST(Schedule, OneCycleIsPyTorchs) {
  const auto lr = rates(Schedule(one_cycle_schedule(0.3), 1.0, 10), 12);
  const std::vector<double> expected{
      0.04, 0.52, 1, 0.950484632013, 0.81174565395, 0.611262021936, 0.388741978064, 0.18825834605, 0.0495193679865,
      4e-06};
  for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(lr[k], expected[k], 1e-11) << k;
  EXPECT_EQ(lr[11], lr[9]) << "beyond its end it stays";
}

// get_lr() of PyTorch's OneCycleLR (torch/optim/lr_scheduler.py), line by line: the value in step `step` of one that
// goes from `start` to `peak` and to `end`.
double pytorchs_one_cycle(double step, double total_steps, double pct_start, double start, double peak, double end) {
  struct Phase {
    double end_step, start, end;
  };
  const std::array<Phase, 2> phases{{{pct_start * total_steps - 1, start, peak}, {total_steps - 1, peak, end}}};
  double start_step = 0;
  for (std::size_t i = 0;; ++i) {
    const auto& phase = phases.at(i);
    if (step <= phase.end_step || i == phases.size() - 1) {
      const double pct = (step - start_step) / (phase.end_step - start_step);
      return phase.end + (phase.start - phase.end) / 2.0 * (std::cos(std::numbers::pi * pct) + 1);
    }
    start_step = phase.end_step;
  }
}

TEST(Schedule, OneCycleIsPyTorchsWhereTheRiseIsLessThanAStep) {
  const std::vector<std::pair<std::uint64_t, double>> settings{{10, 0.05}, {5, 0.1},     {4, 0},   {1, 0.3},
                                                               {3, 0.3},   {1000, 5e-4}, {7, 0.5}, {20, 1}};
  for (const auto& [steps, pct_start] : settings) {
    SCOPED_TRACE(std::to_string(steps) + " steps, pct_start " + std::to_string(pct_start));
    Schedule schedule(one_cycle_schedule(pct_start, /*cycle_momentum=*/true), 2.0, steps);
    for (std::uint64_t k = 0; k < steps; ++k, schedule.step()) {
      const auto step = static_cast<double>(k), total = static_cast<double>(steps);
      EXPECT_NEAR(schedule.lr(), pytorchs_one_cycle(step, total, pct_start, 0.08, 2.0, 8e-6), 1e-12) << k;
      EXPECT_NEAR(schedule.momentum().value(), pytorchs_one_cycle(step, total, pct_start, 0.95, 0.85, 0.95), 1e-12)
          << k;
    }
  }
  EXPECT_NEAR(Schedule(one_cycle_schedule(0.1), 1.0, 5).lr(), 0.969846431008, 1e-11);
}

TEST(Schedule, OneCycleIsAtItsPeakWhereTheRiseIsExactlyOneStep) {  // where PyTorch divides by 0
  EXPECT_EQ(Schedule(one_cycle_schedule(0.25), 1.0, 4).lr(), 1.0);
}

TEST(Schedule, CyclesNoMomentumUnlessAsked) {
  EXPECT_FALSE(Schedule(one_cycle_schedule(0.3), 1.0, 10).cycles_momentum());
  EXPECT_EQ(Schedule(one_cycle_schedule(0.3), 1.0, 10).momentum(), std::nullopt);
  EXPECT_TRUE(Schedule(one_cycle_schedule(0.3, true), 1.0, 10).cycles_momentum());
  EXPECT_FALSE(Schedule(constant_schedule(), 1.0, 10).cycles_momentum());
}

// torch.optim.lr_scheduler.CosineAnnealingLR(T_max = 4, eta_min = 0.2) at last_epoch 3 and 4: the last of 4 steps, and
// the one that would follow it. As the help of min_lr says.
TEST(Schedule, ReachesTheMinimumOneStepAfterTheLast) {
  const auto lr = rates(Schedule(cosine_schedule(0, 0.2), 1.0, 4), 5);
  EXPECT_NEAR(lr[3], 0.317157287525, 1e-11);
  EXPECT_DOUBLE_EQ(lr[4], 0.2);
}

TEST(Schedule, ResumesFromItsState) {
  Schedule whole(cosine_schedule(2, 0.1), 1.0, 10), resumed(cosine_schedule(2, 0.1), 1.0, 10);
  for (int k = 0; k < 6; ++k) whole.step();
  resumed.set_applied_steps(whole.applied_steps());
  EXPECT_EQ(resumed.lr(), whole.lr());
}

TEST(Schedule, HoldsWhileNoStepIsApplied) {
  Schedule schedule(cosine_schedule(0, 0), 1.0, 4);
  schedule.step();
  const double held = schedule.lr();
  EXPECT_EQ(schedule.lr(), held);
}

}  // namespace
}  // namespace binade::host
