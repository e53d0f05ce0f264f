// The rules of torch.amp.GradScaler that a step relies on.
#include "host/engine/amp/grad_scaler.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::scaling;

void train_step(GradScaler& scaler, bool found_inf) {
  scaler.scale(at::full({}, 1.0));
  std::vector<at::Tensor> gradients{at::tensor({1.0f})};
  scaler.unscale(gradients);
  scaler.step(found_inf);
  scaler.update();
}

TEST(GradScaler, GrowsAfterTheIntervalOfGoodStepsAndStartsCountingAgain) {
  GradScaler scaler(scaling(4, 2, 0.5, 3));
  std::vector<double> scales;
  std::vector<std::uint64_t> trackers;
  for (int step = 0; step < 4; ++step) {
    train_step(scaler, false);
    scales.push_back(scaler.get_scale());
    trackers.push_back(scaler.growth_tracker());
  }
  EXPECT_EQ(scales, (std::vector<double>{4, 4, 8, 8}));
  EXPECT_EQ(trackers, (std::vector<std::uint64_t>{1, 2, 0, 1}));
}

TEST(GradScaler, BacksOffOnOverflowAndForgetsGoodSteps) {
  GradScaler scaler(scaling(8, 2, 0.25, 2));
  train_step(scaler, false);
  train_step(scaler, true);
  EXPECT_EQ(scaler.get_scale(), 2);
  EXPECT_EQ(scaler.growth_tracker(), 0u);
}

TEST(GradScaler, ComputesNewScalesInDoubleAndRoundsToFloat) {
  GradScaler scaler(scaling(1.1, 1.7, 0.3, 1));
  const auto first = static_cast<float>(static_cast<double>(1.1f) * 1.7);
  train_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), first);
  train_step(scaler, true);
  EXPECT_EQ(scaler.get_scale(), static_cast<float>(static_cast<double>(first) * 0.3));
}

TEST(GradScaler, KeepsAScaleThatCannotGrowFinitely) {
  GradScaler scaler(scaling(3e38, 2, 0.5, 1));
  train_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), static_cast<float>(3e38));
  EXPECT_EQ(scaler.growth_tracker(), 0u);
}

TEST(GradScaler, ScalesAHalfPrecisionLossInFloat) {
  GradScaler scaler(scaling(65536, 2, 0.5, 2000));
  const auto scaled = scaler.scale(at::full({1}, 2.0, at::kHalf));
  EXPECT_EQ(scaled.scalar_type(), at::kFloat);
  EXPECT_EQ(scaled.item<float>(), 131072.0f);
}

TEST(GradScaler, UnscalesEveryGradientAndFindsOneThatIsNotFinite) {
  GradScaler scaler(scaling(4, 2, 0.5, 2000));
  for (const float bad : {inf, -inf, std::nanf("")}) {
    scaler = GradScaler(scaling(4, 2, 0.5, 2000));
    scaler.scale(at::full({}, 1.0));
    std::vector<at::Tensor> gradients{at::tensor({4.0f, 8.0f}), at::tensor({bad, 4.0f})};
    EXPECT_EQ(scaler.unscale(gradients).item<float>(), 1);
    EXPECT_EQ(gradients[0][1].item<float>(), 2);
    EXPECT_EQ(gradients[1][1].item<float>(), 1);
    scaler.update();
  }
  scaler.scale(at::full({}, 1.0));
  std::vector<at::Tensor> good{at::tensor({4.0f})};
  EXPECT_EQ(scaler.unscale(good).item<float>(), 0);
}

TEST(GradScaler, PassesThroughWhenDisabled) {
  GradScaler scaler(testing::fp32_policy);
  std::vector<at::Tensor> gradients{at::tensor({inf})};
  EXPECT_FALSE(scaler.unscale(gradients).defined());
  train_step(scaler, true);
  EXPECT_EQ(scaler.get_scale(), 1);
  EXPECT_EQ(scaler.growth_tracker(), 0u);
  EXPECT_EQ(scaler.scale(at::full({}, 3.0)).item<float>(), 3);
}

TEST(GradScaler, GrowsAtTheNextGoodStepWhenItsTrackerIsLoadedBeyondTheInterval) {
  GradScaler scaler(scaling(8, 2, 0.5, 3));
  scaler.load_state(GradScalerState{16, 2, 0.5, 3, 7});
  train_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), 32);
  EXPECT_EQ(scaler.growth_tracker(), 0u);
}

}  // namespace
}  // namespace binade::host
