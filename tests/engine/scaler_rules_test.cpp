// The rules of loss scaling, one test each: PyTorch's, and where ours differ on purpose.
#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/line_training.h"
#include "tests/engine/linked_precision.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::LineTraining;
using testing::scaling;

at::Tensor loss() { return at::full({}, 1.0); }

std::vector<at::Tensor> gradients(float value) { return {at::tensor({value})}; }

// scale(), unscale(), step() and update() of one optimizer.
void train_one_step(GradScaler& scaler, bool found_inf) {
  scaler.scale(loss());
  auto some = gradients(1);
  scaler.unscale(some);
  scaler.step(found_inf);
  scaler.update();
}

TEST(ScalerRules, R01TheScaleIsFp32FromTheFirstScaleOnAndOneWhenDisabled) {
  GradScaler scaler(scaling(0.1, 2, 0.5, 2));
  EXPECT_EQ(scaler.get_scale(), 0.1) << "as it was given";
  scaler.scale(loss());
  EXPECT_EQ(scaler.get_scale(), static_cast<double>(0.1f));
  auto off = scaling(8, 2, 0.5, 2);
  off.dynamic_scaling = 0;
  GradScaler disabled(off);
  EXPECT_EQ(disabled.get_scale(), 1.0);
  EXPECT_EQ(disabled.scale(loss()).item<float>(), 1);
  train_one_step(disabled, true);
  EXPECT_EQ(disabled.get_scale(), 1.0);
}

TEST(ScalerRules, R02NothingWorksBeforeTheFirstScale) {
  GradScaler scaler(scaling(8, 2, 0.5, 2));
  auto some = gradients(1);
  EXPECT_THROW(scaler.unscale(some), std::logic_error);
  EXPECT_THROW(scaler.step(false), std::logic_error);
  EXPECT_THROW(scaler.update(), std::logic_error);
  EXPECT_THROW(scaler.update(2.0), std::logic_error);
}

TEST(ScalerRules, R03EachOptimizerIsUnscaledAndSteppedOnceBetweenUpdates) {
  GradScaler scaler(scaling(8, 2, 0.5, 2));
  auto some = gradients(1);
  scaler.scale(loss());
  EXPECT_THROW(scaler.step(false), std::logic_error) << "no inf checks";
  EXPECT_THROW(scaler.update(), std::logic_error) << "no inf checks";
  scaler.unscale(some);
  EXPECT_THROW(scaler.unscale(some), std::logic_error) << "twice";
  scaler.unscale(some, 1);  // another optimizer's
  scaler.step(false);
  EXPECT_THROW(scaler.step(false), std::logic_error) << "twice";
  EXPECT_THROW(scaler.unscale(some), std::logic_error) << "after step()";
  scaler.update();
  scaler.unscale(some);
}

TEST(ScalerRules, R04GradientsAreMultipliedByTheInverseInFp32AndByOneNotAtAll) {
  GradScaler thirds(scaling(3, 2, 0.5, 2));
  thirds.scale(loss());
  std::vector<at::Tensor> some{at::tensor({0.7f})};
  thirds.unscale(some);
  EXPECT_EQ(some[0].item<float>(), 0.7f * static_cast<float>(1.0 / 3.0));
  GradScaler ones(scaling(1, 2, 0.5, 2));
  ones.scale(loss());
  std::vector<at::Tensor> untouched{at::tensor({0.7f, inf})};
  EXPECT_EQ(ones.unscale(untouched).item<float>(), 1) << "checked all the same";
  EXPECT_EQ(untouched[0][0].item<float>(), 0.7f);
}

TEST(ScalerRules, R05Fp16GradientsAreRefused) {
  GradScaler scaler(scaling(8, 2, 0.5, 2));
  scaler.scale(loss());
  std::vector<at::Tensor> half{at::tensor({1.0f}).to(at::kHalf)};
  EXPECT_THROW(scaler.unscale(half), std::invalid_argument);
}

TEST(ScalerRules, R06MissingGradientsArePassedOverAndSparseOnesAreSummedFirst) {
  PrecisionPolicy precision(scaling(1, 2, 0.5, 100));
  LineTraining training(precision);
  const auto unused = at::zeros({2}).requires_grad_(true);
  testing::TensorModel::parameters.emplace_back("unused", unused);
  EXPECT_FALSE(training.step().skipped);

  const auto rows = at::zeros({4, 1}).requires_grad_(true);
  const auto gradient_of = [&](double each) {
    const auto picked = at::embedding(rows, at::tensor({2, 2}), -1, false, /*sparse=*/true);
    rows.mutable_grad().reset();
    (picked * each).sum().backward();
    return rows.grad();
  };
  ASSERT_TRUE(gradient_of(1).is_sparse());
  EXPECT_EQ(gradient_of(1).to_dense()[2].item<float>(), 2);
  EXPECT_TRUE(std::isinf(gradient_of(3e38).to_dense()[2].item<float>())) << "finite each, and not together";
}

TEST(ScalerRules, R07GradientsOfSeveralTypesAreCheckedTogether) {
  for (const std::size_t bad : {0, 1, 2, 3}) {
    GradScaler scaler(scaling(2, 2, 0.5, 2));
    scaler.scale(loss());
    std::vector<at::Tensor> mixed{at::tensor({2.0f}), at::tensor({2.0}, at::kDouble),
                                  at::tensor({2.0f}).to(at::kBFloat16)};
    if (bad < mixed.size()) mixed[bad].fill_(inf);
    EXPECT_EQ(scaler.unscale(mixed).item<float>(), bad < mixed.size() ? 1 : 0);
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      if (i != bad) {
        EXPECT_EQ(mixed[i].item<double>(), 1);
      }
    }
  }
}

TEST(ScalerRules, R08AnOverflowSkipsItsOwnOptimizerOnlyAndBacksOffTheSharedScale) {
  GradScaler scaler(scaling(8, 2, 0.5, 1));
  scaler.scale(loss());
  auto good = gradients(1), bad = gradients(inf);
  const auto first = scaler.unscale(good, 0), second = scaler.unscale(bad, 1);
  EXPECT_TRUE(scaler.step(first.item<float>() != 0, 0));
  EXPECT_FALSE(scaler.step(second.item<float>() != 0, 1));
  scaler.update();
  EXPECT_EQ(scaler.get_scale(), 4);
}

TEST(ScalerRules, R09GrowsAtTheIntervalOrBeyondItAndNeverToWhatIsNotFinite) {
  GradScaler scaler(scaling(8, 2, 0.5, 2));
  train_one_step(scaler, true);
  EXPECT_EQ(scaler.get_scale(), 4);
  EXPECT_EQ(scaler.growth_tracker(), 0u);
  train_one_step(scaler, false);
  train_one_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), 8);
  EXPECT_EQ(scaler.growth_tracker(), 0u);
  scaler.load_state(GradScalerState{8, 2, 0.5, 2, 5, 0});
  train_one_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), 16) << "PyTorch's == would have waited for an overflow";
  scaler.update(3e38);
  train_one_step(scaler, false);
  train_one_step(scaler, false);
  EXPECT_EQ(scaler.get_scale(), static_cast<double>(3e38f));
}

TEST(ScalerRules, R10GradientsThatAreFiniteOnlyWhileScaledAreFoundAndTheScaleHasAFloor) {
  auto policy = scaling(0x1p-100, 2, 0.5, 1000);
  policy.min_scale = 0x1p-101;
  policy.compute_dtype = BINADE_FLOAT32;
  PrecisionPolicy precision(policy);
  LineTraining training(precision);
  const auto& record = training.step(LineTraining::Fault{1e38});
  EXPECT_TRUE(record.skipped) << "scaled it is 5e9, unscaled it is not finite";
  EXPECT_EQ(record.skip_cause, SkipCause::overflow);
  EXPECT_EQ(training.weight(), 0);
  EXPECT_FALSE(record.at_min_scale);
  for (int i = 0; i < 3; ++i) training.step(LineTraining::Fault{1e38});
  EXPECT_EQ(record.next_loss_scale, 0x1p-101);
  EXPECT_TRUE(record.at_min_scale);
  EXPECT_FALSE(training.step().skipped);

  policy.min_scale = 0;
  GradScaler bare(policy);
  for (int i = 0; i < 200; ++i) train_one_step(bare, true);
  EXPECT_EQ(bare.get_scale(), 0) << "PyTorch's scale, without a floor";
}

TEST(ScalerRules, R11ANonfiniteLossIsNotAnOverflow) {
  PrecisionPolicy precision(scaling(1024, 2, 0.5, 1));
  LineTraining training(precision);
  testing::Rows::y[1] = {std::nanf("")};
  const auto& record = training.step();
  EXPECT_EQ(record.skip_cause, SkipCause::loss);
  EXPECT_EQ(record.next_loss_scale, 1024);
  EXPECT_EQ(record.nonfinite.first, -1) << "no gradient is to blame";
  EXPECT_EQ(training.weight(), 0);
  testing::Rows::y[1] = {4};
  training.step(LineTraining::Fault{inf});
  EXPECT_EQ(record.skip_cause, SkipCause::overflow);
  EXPECT_EQ(record.next_loss_scale, 512);
  EXPECT_EQ(record.nonfinite.first, 0);
  testing::Rows::y[1] = {std::nanf("")};
  training.step();
  EXPECT_EQ(record.nonfinite.first, -1) << "that of the step before";
}

TEST(ScalerRules, R12GradientsWrittenAfterUnscalingAreNotCheckedAgain) {
  GradScaler scaler(scaling(8, 2, 0.5, 2));
  scaler.scale(loss());
  auto some = gradients(8);
  const auto found = scaler.unscale(some);
  some[0].fill_(inf);
  EXPECT_TRUE(scaler.step(found.item<float>() != 0)) << "as in PyTorch; the training step leaves no such gap";
}

TEST(ScalerRules, R13AnOverflowInOneMicroBatchCostsTheWholeStepOnce) {
  PrecisionPolicy precision(scaling(1024, 2, 0.5, 100));
  LineTraining training(precision, {.batch_size = 1, .accumulate = 4});
  const auto& record = training.step(LineTraining::Fault{inf, 1});
  EXPECT_TRUE(record.skipped);
  EXPECT_EQ(record.loss_scale, 1024);
  EXPECT_EQ(record.next_loss_scale, 512) << "once, not once per micro-batch";
  training.step();
  EXPECT_FALSE(record.skipped);
  EXPECT_EQ(record.growth_tracker, 1u);
  EXPECT_NEAR(training.weight(), 0.3, 1e-5);
}

TEST(ScalerRules, R14ClippingSeesUnscaledGradients) {
  PrecisionPolicy precision(scaling(1024, 2, 0.5, 100));
  LineTraining training(precision, {.clip_norm = 1});
  const auto& record = training.step();
  EXPECT_NEAR(record.gradient_norm, 30, 0.1);
  EXPECT_NEAR(record.clipped_norm, 1, 1e-5);
  EXPECT_NEAR(training.weight(), 0.01, 1e-5);
}

TEST(ScalerRules, R15ASkippedStepHoldsScheduleAndAverage) {
  PrecisionPolicy precision(scaling(1024, 2, 0.5, 100));
  LineTraining training(precision, {.ema_decay = 0.5});
  training.step();
  const auto averaged = training.averaged_weight();
  training.step(LineTraining::Fault{inf});
  EXPECT_EQ(training.schedule().applied_steps(), 1u);
  EXPECT_EQ(training.averaged_weight(), averaged);
  training.step();
  EXPECT_EQ(training.schedule().applied_steps(), 2u);
  EXPECT_NE(training.averaged_weight(), averaged);
}

TEST(ScalerRules, R16StateIsPyTorchsAndNothingWhenDisabled) {
  GradScaler scaler(scaling(8, 2, 0.5, 10));
  train_one_step(scaler, false);
  const auto state = scaler.state();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->scale, 8);
  EXPECT_EQ(state->growth_factor, 2);
  EXPECT_EQ(state->backoff_factor, 0.5);
  EXPECT_EQ(state->growth_interval, 10);
  EXPECT_EQ(state->growth_tracker, 1u);
  auto off = scaling(8, 2, 0.5, 2);
  off.dynamic_scaling = 0;
  EXPECT_FALSE(GradScaler(off).state());
  EXPECT_THROW(scaler.load_state(std::nullopt), std::invalid_argument);
  GradScaler other(scaling(1, 3, 0.25, 7));
  other.load_state(state);
  for (int i = 0; i < 9; ++i) train_one_step(other, false);
  EXPECT_EQ(other.get_scale(), 16);
}

TEST(ScalerRules, R17Bf16IsNotScaled) {
  testing::Constants::constants = scaling(8, 2, 0.5, 2);
  testing::Constants::constants.min_scale = 1;
  testing::Constants::constants.compute_dtype = BINADE_BFLOAT16;
  EXPECT_THROW(PrecisionPolicy(testing::precision_plugin<testing::Constants>(), {}), std::runtime_error);
}

TEST(ScalerRules, R18TheLossIsScaledInFp32) {
  GradScaler scaler(scaling(65536, 2, 0.5, 2));
  const auto scaled = scaler.scale(at::full({1}, 8.0, at::kHalf));
  EXPECT_EQ(scaled.scalar_type(), at::kFloat);
  EXPECT_EQ(scaled.item<float>(), 524288.0f);
}

TEST(Hysteresis, LeavesTheScaleUntilSoManyOverflowsSinceTheLastGrowth) {
  auto policy = scaling(64, 2, 0.5, 2);
  policy.hysteresis = 3;
  GradScaler scaler(policy);
  std::vector<double> scales;
  // overflow x3, good x2 (grows), overflow x3
  for (const bool found_inf : {true, true, true, true, false, false, true, true, true}) {
    train_one_step(scaler, found_inf);
    scales.push_back(scaler.get_scale());
  }
  EXPECT_THAT(scales, ::testing::ElementsAre(64, 64, 32, 16, 16, 32, 32, 32, 16));
}

TEST(Hysteresis, GoesThroughTheState) {
  auto policy = scaling(64, 2, 0.5, 100);
  policy.hysteresis = 2;
  GradScaler scaler(policy), other(policy);
  train_one_step(scaler, true);
  other.load_state(scaler.state());
  train_one_step(other, true);
  EXPECT_EQ(other.get_scale(), 32);
}

}  // namespace
}  // namespace binade::host
