// The step beyond what the recorded trajectories show: skipping, accumulation, clipping, tied and unused weights.
#include "host/engine/loop/train_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/engine/evaluation/evaluation.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::fp32_policy;
using testing::Rows;
using testing::TensorModel;

// Everything around a step on `Rows`, for a model y = x w.
class StepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Rows::x = {{1}, {2}, {3}, {4}};
    Rows::y = {{2}, {4}, {6}, {8}};
    weight_ = at::zeros({1, 1}).requires_grad_(true);
    TensorModel::parameters = {{"w", weight_}};
    TensorModel::forward = [this](const auto& inputs) { return at::linear(inputs[0], weight_); };
  }

  StepRecord step(const binade_policy& policy, std::uint64_t batch_size, std::uint64_t accumulate, double clip_norm,
                  int steps = 1) {
    return step_on<Rows>(policy, batch_size, accumulate, clip_norm, steps);
  }

  template <class Data>
  StepRecord step_on(const binade_policy& policy, std::uint64_t batch_size, std::uint64_t accumulate, double clip_norm,
                     int steps) {
    const Dataset dataset(testing::dataset_plugin<Data>(), OptionTable{});
    const auto split = dataset.split("train");
    Model model(TensorModel::plugin(), OptionTable{}, {dataset.fields().front().name}, cpu);
    const Task task(task_settings_, dataset, model);
    Sampler sampler(split.size, batch_size, Order::sequential, drop_last_, 0, Shard{});
    BatchLoader batches(dataset, split, std::move(sampler), true, 0, 0, 1, 0, 0);
    PrecisionPolicy precision(policy);
    auto training = make_training({.model = model,
                                   .task = task,
                                   .batches = batches,
                                   .precision = precision,
                                   .parameters = testing::one_group(model, 0),
                                   .optimizer = testing::sgd(),
                                   .schedule = testing::cosine_schedule(0, 0),
                                   .lr = 0.01,
                                   .schedule_steps = 10,
                                   .accumulate = accumulate,
                                   .clip_norm = clip_norm});
    TrainStep train_step(training);
    StepRecord record;
    for (int i = 0; i < steps; ++i) {
      ++record.step;
      train_step.run(record);
    }
    without_gradient_ = train_step.parameters_without_gradient();
    position_ = train_step.position();
    return record;
  }

  TaskSettings task_settings_ = testing::task_settings("mse", "y");
  bool drop_last_ = false;
  at::Tensor weight_;
  EpochPosition position_;
  std::vector<std::string> without_gradient_;
};

TEST_F(StepTest, AccumulatedMicroBatchesMoveTheWeightAsOneLargeBatchDoes) {
  const auto whole = step(fp32_policy, 4, 1, 0);
  const auto moved = weight_.item<float>();
  SetUp();
  const auto parts = step(fp32_policy, 1, 4, 0);
  EXPECT_FLOAT_EQ(weight_.item<float>(), moved);
  EXPECT_FLOAT_EQ(static_cast<float>(parts.loss), static_cast<float>(whole.loss));
  EXPECT_EQ(parts.samples, 4u);
}

TEST_F(StepTest, PaddedMicroBatchesCountByTheirTargets) {
  testing::Sequences::sequences = {{0, 1}, {1, 2, 3, 4}, {2, 2, 1}, {4, 0, 3}};
  task_settings_ = testing::task_settings("next_token", "tokens");
  const auto run = [this](std::uint64_t batch_size, std::uint64_t accumulate) {
    weight_ = at::zeros({5, 5}).requires_grad_(true);
    TensorModel::parameters = {{"w", weight_}};
    TensorModel::forward = [this](const auto& inputs) { return at::embedding(weight_, inputs[0]); };
    return step_on<testing::Sequences>(fp32_policy, batch_size, accumulate, 0, 1);
  };
  const auto whole = run(4, 1);
  const auto moved = weight_.detach().clone();
  const auto parts = run(1, 4);
  EXPECT_TRUE(at::allclose(weight_, moved, 1e-5, 1e-8)) << weight_ - moved;
  EXPECT_NEAR(parts.loss, whole.loss, 1e-6);
  EXPECT_NEAR(parts.gradient_norm, whole.gradient_norm, 1e-6);
  EXPECT_EQ(whole.tokens, 8u);
  EXPECT_EQ(parts.tokens, 8u);
}

// Three rows of four are behind: whatever the step would take, there is one left, and it alone moves the weight.
TEST_F(StepTest, TheLastStepOfAnEpochTakesWhatIsLeft) {
  const auto first = step(fp32_policy, 3, 1, 0);
  EXPECT_EQ(first.samples, 3u);
  EXPECT_EQ(position_, (EpochPosition{0, 1, 2}));
  EXPECT_EQ(first.epoch_progress, 0.5);
  const auto moved = weight_.item<double>();
  SetUp();
  const auto last = step(fp32_policy, 3, 1, 0, 2);
  EXPECT_EQ(last.samples, 1u);
  EXPECT_EQ(last.epoch, 0u);
  EXPECT_EQ(last.epoch_progress, 1);
  EXPECT_EQ(position_, (EpochPosition{1, 0, 2}));
  EXPECT_NEAR(last.loss, std::pow(8 - 4 * moved, 2), 1e-4);
  const double descent = last.learning_rate * 2 * 4 * (8 - 4 * moved);
  EXPECT_NEAR(weight_.item<double>(), moved + descent, 1e-5);

  SetUp();
  const auto accumulated = step(fp32_policy, 1, 3, 0, 2);  // three micro-batches, then one
  EXPECT_EQ(accumulated.samples, 1u);
  EXPECT_EQ(accumulated.epoch, 0u);
  EXPECT_NEAR(accumulated.loss, last.loss, 1e-4);
  EXPECT_NEAR(weight_.item<double>(), moved + descent, 1e-5);
}

TEST_F(StepTest, AShortMicroBatchCountsByItsSamples) {
  const auto whole = step(fp32_policy, 4, 1, 0);
  const auto moved = weight_.item<float>();
  for (const std::uint64_t accumulate : {2, 100}) {  // of which the epoch has two
    SetUp();
    const auto parts = step(fp32_policy, 3, accumulate, 0);
    EXPECT_EQ(parts.samples, 4u);
    EXPECT_NEAR(parts.loss, whole.loss, 1e-5);
    EXPECT_NEAR(parts.gradient_norm, whole.gradient_norm, 1e-4);
    EXPECT_FLOAT_EQ(weight_.item<float>(), moved);
    EXPECT_EQ(position_, (EpochPosition{1, 0, 2}));
  }
}

TEST_F(StepTest, AFailureInAShortLastBatchSaysHowToLeaveItOut) {
  TensorModel::forward = [this](const auto& inputs) {
    if (inputs[0].size(0) == 1) throw std::runtime_error("expected more than 1 value per channel");
    return at::linear(inputs[0], weight_);
  };
  const auto message_of = [this](std::uint64_t batch_size) {
    try {
      step(fp32_policy, batch_size, 1, 0, 2);
    } catch (const PluginError& error) {
      EXPECT_EQ(error.plugin(), "tensors");
      return std::string(error.what());
    }
    return std::string();
  };
  const auto message = message_of(3);
  EXPECT_NE(message.find("expected more than 1 value per channel"), std::string::npos) << message;
  EXPECT_NE(message.find("the last batch of epoch 0, which has 1 sample where the others have 3"), std::string::npos)
      << message;
  EXPECT_NE(message.find("[train] drop_last = true"), std::string::npos) << message;
  EXPECT_EQ(message_of(1).find("drop_last"), std::string::npos) << "all of its batches are like that";
  drop_last_ = true;
  EXPECT_EQ(message_of(3), "");
  Rows::x = Rows::y = {{1}};
  EXPECT_EQ(message_of(3).find("drop_last"), std::string::npos) << "the only batch is never left out";
}

TEST_F(StepTest, ScalarsOfMicroBatchesCountByTheirTargetsAsTheLossDoes) {
  testing::Sequences::sequences = {{0, 1}, {1, 2, 3, 4}, {2, 2, 1}, {4, 0, 3}};
  task_settings_ = testing::task_settings("next_token", "tokens");
  weight_ = at::arange(25, at::kFloat).sin().view({5, 5}).requires_grad_(true);
  TensorModel::parameters = {{"w", weight_}};
  TensorModel::forward = [this](const auto& inputs) { return at::embedding(weight_, inputs[0]); };
  const auto start = weight_.detach().clone();
  const auto run = [&](std::uint64_t batch_size, std::uint64_t accumulate, double smoothing) {
    at::NoGradGuard no_grad;
    weight_.copy_(start);
    const at::AutoGradMode grad(true);
    task_settings_.label_smoothing = smoothing;
    return step_on<testing::Sequences>(fp32_policy, batch_size, accumulate, 0, 1);
  };
  const auto plain = run(4, 1, 0);
  EXPECT_EQ(plain.scalar_count, 0u);
  EXPECT_EQ(plain.cross_entropy, plain.loss);
  for (const auto& record : {run(4, 1, 0.2), run(1, 4, 0.2)}) {
    ASSERT_EQ(record.scalar_count, 1u);
    EXPECT_NEAR(record.scalars[0], plain.loss, 1e-6);
    EXPECT_EQ(record.cross_entropy, record.scalars[0]);
    EXPECT_GT(std::abs(record.loss - plain.loss), 1e-3);
  }
}

TEST_F(StepTest, HasNoCrossEntropyWhereTheLossIsAnother) {
  EXPECT_TRUE(std::isnan(step(fp32_policy, 4, 1, 0).cross_entropy));
}

TEST_F(StepTest, ClipsTheGlobalNormAndReportsItAsItWas) {
  const auto record = step(fp32_policy, 4, 1, 1.0);
  EXPECT_NEAR(record.gradient_norm, 30, 1e-4);
  EXPECT_NEAR(record.clipped_norm, 1, 1e-5);
  EXPECT_NEAR(weight_.item<float>(), 0.01, 1e-6);
}

TEST_F(StepTest, SkipsAStepWithoutFiniteGradientsAndHoldsTheSchedule) {
  Rows::x[0] = {std::numeric_limits<float>::infinity()};
  const auto record = step(fp32_policy, 4, 1, 1.0, 2);
  EXPECT_TRUE(record.skipped);
  EXPECT_EQ(record.skipped_steps, 2u);
  EXPECT_EQ(weight_.item<float>(), 0);
  EXPECT_DOUBLE_EQ(record.learning_rate, 0.01);
}

TEST_F(StepTest, ANonfiniteLossIsNotAnOverflow) {
  auto policy = fp32_policy;
  policy.dynamic_scaling = 1;
  policy.init_scale = 1024;
  Rows::y[2] = {std::nanf("")};
  const auto record = step(policy, 4, 1, 1.0);
  EXPECT_TRUE(record.skipped);
  EXPECT_EQ(weight_.item<float>(), 0);
  EXPECT_EQ(record.next_loss_scale, 1024) << "no other scale would mend it";
  EXPECT_EQ(record.growth_tracker, 0u);
}

TEST_F(StepTest, BacksOffTheScaleUntilGradientsFit) {
  auto policy = fp32_policy;
  policy.dynamic_scaling = 1;
  policy.init_scale = 3e38;
  const auto record = step(policy, 4, 1, 0, 8);
  EXPECT_FALSE(record.skipped);
  EXPECT_GT(record.skipped_steps, 0u);
  EXPECT_LT(record.loss_scale, 3e38);
  EXPECT_GT(weight_.item<float>(), 0);
}

TEST_F(StepTest, CountsAndUpdatesATiedWeightOnce) {
  TensorModel::parameters = {{"in", weight_}, {"out", weight_}};
  auto policy = fp32_policy;
  policy.dynamic_scaling = 1;
  step(policy, 4, 1, 0);
  EXPECT_NEAR(weight_.item<float>(), 0.3, 1e-6);  // lr 0.01 times the gradient of 30, unscaled once
}

TEST_F(StepTest, UpdatesFromASparseGradientAsFromADenseOne) {
  testing::Sequences::sequences = {{0, 1, 1}, {1, 2, 3}};
  task_settings_ = testing::task_settings("next_token", "tokens");
  at::Tensor dense;
  for (const bool sparse : {false, true}) {
    weight_ = at::zeros({5, 5}).requires_grad_(true);
    TensorModel::parameters = {{"w", weight_}};
    TensorModel::forward = [&](const auto& inputs) { return at::embedding(weight_, inputs[0], -1, false, sparse); };
    const auto record = step_on<testing::Sequences>(fp32_policy, 2, 1, 0.1, 1);
    EXPECT_FALSE(record.skipped);
    if (!sparse) dense = weight_.detach().clone();
  }
  EXPECT_TRUE(at::allclose(weight_, dense, 1e-6, 1e-9));
  EXPECT_NE(dense.abs().sum().item<float>(), 0);
}

TEST_F(StepTest, NamesParametersThatGotNoGradient) {
  TensorModel::parameters.emplace_back("unused", at::zeros({2}).requires_grad_(true));
  step(fp32_policy, 4, 1, 0);
  EXPECT_EQ(without_gradient_, std::vector<std::string>{"unused"});
}

TEST_F(StepTest, EvaluationIsTheMeanOverAllSamplesInEvaluationModeWithoutGradient) {
  const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
  const auto split = dataset.split("validation");
  Model model(TensorModel::plugin(), OptionTable{}, {"x"}, cpu);
  const Task task(task_settings_, dataset, model);
  bool trained = true, grad = true;
  TensorModel::forward = [&](const auto& inputs) {
    trained = TensorModel::training;
    auto output = at::linear(inputs[0], weight_);
    grad = output.requires_grad();
    return output;
  };
  const auto record = evaluate({dataset, split, 3, 1, 4, 0}, model, task, fp32_policy, cpu).value();
  EXPECT_NEAR(record.loss, (4.0 + 16 + 36 + 64) / 4, 1e-5);  // batch means are fp32
  EXPECT_EQ(record.samples, 4u);
  EXPECT_FALSE(trained);
  EXPECT_FALSE(grad);
  EXPECT_TRUE(TensorModel::training);
}

}  // namespace
}  // namespace binade::host
