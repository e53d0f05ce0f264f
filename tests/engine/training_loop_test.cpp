// The loop around the step: epochs, the best weights, early stopping.
#include "host/engine/loop/training_loop.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>

#include "host/engine/device/torch_warnings.h"
#include "host/storage/run_directory.h"
#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Rows;
using testing::TensorModel;

// y = 2 x, learned by y = x w from w = 0 with plain descent.
class LoopTest : public ::testing::Test, protected RunListener {
 protected:
  void SetUp() override {
    Rows::x = {{1}, {1}, {1}, {1}};
    Rows::y = {{2}, {2}, {2}, {2}};
    weight_ = at::zeros({1, 1}).requires_grad_(true);
    TensorModel::parameters = {{"w", weight_}};
    TensorModel::forward = [this](const auto& inputs) { return at::linear(inputs[0], weight_); };
  }

  LoopResult run(LoopPlan plan, double lr, double ema_decay = 0) {
    const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
    const Split split{"train", 0, Rows::x.size(), 0, {}};
    Model model(TensorModel::plugin(), OptionTable{}, {"x"}, cpu);
    const Task task(testing::task_settings("mse", "y"), dataset, model);
    BatchLoader batches(dataset, split, Sampler(split.size, 2, Order::sequential, false, 0, Shard{}), true, 0, 0, 1,
                        plan.begin.epoch, plan.begin.batch);
    PrecisionPolicy precision(testing::fp32_policy);
    auto training = make_training({.model = model,
                                   .task = task,
                                   .batches = batches,
                                   .precision = precision,
                                   .parameters = testing::one_group(model, 0),
                                   .optimizer = testing::sgd(),
                                   .schedule = testing::constant_schedule(),
                                   .lr = lr,
                                   .schedule_steps = 100,
                                   .ema_decay = ema_decay,
                                   .accumulate = accumulate_});
    const std::vector<EvaluationPlan> evaluations{{dataset, split, 4, 0, 1, 0, &signal_}};
    plan.data = {&dataset, &split, 0, {"x"}, "y"};
    return run_training_loop(
        {.plan = plan, .training = training, .evaluations = evaluations, .stop_signal = signal_, .listener = *this});
  }

  void step(const StepRecord& record) noexcept override { steps_.push_back(record); }
  // The validation loss of each step, from the first one on; behind the last one the model's own.
  std::vector<double> evaluated_{};
  void evaluations_are(std::vector<double> losses) {
    evaluated_ = std::move(losses);
    TensorModel::forward = [this](const auto& inputs) {
      const auto output = at::linear(inputs[0], weight_);
      if (at::GradMode::is_enabled() || losses_.size() >= evaluated_.size()) return output;
      return at::full_like(output, 2 + std::sqrt(evaluated_[losses_.size()]));
    };
  }

  void message(int, std::string_view text) noexcept override { messages_.emplace_back(text); }
  void epoch_ended(const EpochRecord& record) noexcept override { epochs_.push_back(record.epoch); }
  void evaluated(const EvaluationRecord& record) noexcept override { losses_.push_back(record.loss); }
  void state_changed(RunState state) noexcept override {
    if (state == RunState::evaluating && signal_in_evaluation_) signal_ = SIGTERM;
  }

  std::atomic<int> signal_{0};
  bool signal_in_evaluation_ = false;

  at::Tensor weight_;
  std::uint64_t accumulate_ = 1;
  std::vector<StepRecord> steps_;
  std::vector<std::uint64_t> epochs_;
  std::vector<double> losses_;
  std::vector<std::string> messages_;
};

TEST_F(LoopTest, SumsUpEachEpochWithTheEvaluationAtItsEnd) {
  const auto result = run({.target_steps = 5, .evaluate_every = 2}, 0.1);
  EXPECT_THAT(epochs_, ElementsAre(0u, 1u)) << "the third is not complete";
  ASSERT_EQ(result.statistics.epochs.size(), 2u);
  EXPECT_EQ(result.statistics.epochs[1].steps, 4u);
  // w goes 0, 0.4, 0.72, ... towards 2: losses (2 - w)^2.
  EXPECT_NEAR(result.statistics.epochs[0].train_loss, (4 + 1.6 * 1.6) / 2, 1e-5);
  EXPECT_NEAR(result.statistics.epochs[0].validation_loss, 1.28 * 1.28, 1e-5);
  EXPECT_TRUE(std::isnan(result.statistics.epochs[0].train_accuracy));
  EXPECT_EQ(losses_.size(), 3u) << "and one at the end";
}

// Seven rows in batches of two, three of which are a step: steps of 6 and of 1 sample.
TEST_F(LoopTest, AnEpochIsEveryRowOnceHoweverTheStepsFall) {
  Rows::x.assign(7, {1});
  Rows::y.assign(7, {2});
  accumulate_ = 3;
  const auto result = run({.target_steps = 6, .evaluate_each_epoch = true}, 0.1);
  std::vector<std::uint64_t> samples, epochs;
  std::vector<double> progress;
  for (const auto& step : steps_) {
    samples.push_back(step.samples);
    epochs.push_back(step.epoch);
    progress.push_back(step.epoch_progress);
  }
  EXPECT_THAT(samples, ElementsAre(6u, 1u, 6u, 1u, 6u, 1u));
  EXPECT_THAT(epochs, ElementsAre(0u, 0u, 1u, 1u, 2u, 2u));
  EXPECT_THAT(progress, ElementsAre(0.75, 1, 0.75, 1, 0.75, 1));
  EXPECT_THAT(epochs_, ElementsAre(0u, 1u, 2u));
  EXPECT_EQ(losses_.size(), 3u) << "one evaluation at the end of each";
  ASSERT_EQ(result.statistics.epochs.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(result.statistics.epochs[i].epoch, i);
    EXPECT_EQ(result.statistics.epochs[i].steps, 2 * (i + 1));
    EXPECT_NEAR(result.statistics.epochs[i].train_loss, (6 * steps_[2 * i].loss + steps_[2 * i + 1].loss) / 7, 1e-9);
    EXPECT_EQ(result.statistics.epochs[i].validation_loss, losses_[i]);
  }
}

TEST_F(LoopTest, StartsInTheMiddleOfAnEpoch) {
  Rows::x.assign(7, {1});
  Rows::y.assign(7, {2});
  const auto result = run({.target_steps = 3, .evaluate_each_epoch = true, .begin = {4, 2, 4}}, 0.1);
  EXPECT_THAT(epochs_, ElementsAre(4u));
  ASSERT_EQ(result.statistics.epochs.size(), 1u);
  EXPECT_EQ(result.statistics.epochs[0].steps, 2u);
  EXPECT_EQ(steps_.back().epoch, 5u);
  EXPECT_EQ(steps_.back().epoch_progress, 0.25);
}

TEST_F(LoopTest, OfManyEpochsTheNewestAreSummedUpAndTheBest) {
  const auto result = run({.target_steps = 2100, .evaluate_every = 1050}, 1e-3);
  EXPECT_EQ(result.statistics.epochs.size(), 1000u);
  EXPECT_EQ(result.statistics.epochs.back().epoch, 1049u);
  EXPECT_EQ(result.statistics.epochs.back().steps, 2100u);
  EXPECT_EQ(result.statistics.epochs.front().epoch, 50u);
  EXPECT_EQ(epochs_.back(), 1049u);
}

TEST_F(LoopTest, KeepsTheWeightsOfTheLowestValidationLoss) {
  const TemporaryFolder folder;
  const auto file = folder / "best.safetensors";
  // A rate of 1.05 overshoots further each time: the first evaluation is the best.
  const auto result = run({.target_steps = 6, .evaluate_every = 2, .best_file = file}, 1.05);
  EXPECT_EQ(result.statistics.best_step, 2u);
  ASSERT_EQ(losses_.size(), 3u);
  EXPECT_LT(losses_[0], losses_[2]);
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  float best = 0;
  ASSERT_GE(bytes.size(), sizeof(best));
  std::memcpy(&best, bytes.data() + bytes.size() - sizeof(best), sizeof(best));
  EXPECT_NEAR((2 - best) * (2 - best), losses_[0], 1e-4);
}

TEST_F(LoopTest, StopsEarlyWhenEvaluationsNoLongerImprove) {
  const auto diverging = run({.target_steps = 100, .evaluate_every = 2, .patience = 3}, 1.05);
  EXPECT_EQ(diverging.statistics.steps, 8u) << "evaluations at 2, 4, 6, 8: three after the best";
  EXPECT_THAT(diverging.outcome.stop_reason, HasSubstr("early stopping: 3 evaluations"));
  EXPECT_EQ(diverging.outcome.state, RunState::finished);
}

TEST_F(LoopTest, AnImprovementBelowMinDeltaDoesNotCount) {
  LoopPlan plan{.target_steps = 100, .evaluate_every = 1, .patience = 2, .min_delta = 1e-3};
  const auto with_delta = run(plan, 0.1).statistics.steps;
  SetUp();
  plan.min_delta = 0;
  EXPECT_LT(with_delta, 40u);
  EXPECT_GT(run(plan, 0.1).statistics.steps, with_delta);
}

TEST_F(LoopTest, AnyFiniteLossImprovesOnANonfiniteOne) {
  const TemporaryFolder folder;
  for (const double first : {std::nan(""), infinite}) {
    SetUp();
    losses_.clear();
    messages_.clear();
    evaluations_are({first, first, 3, 2.5, first, 2, 1.5});
    const auto file = folder / "best.safetensors";
    const auto result = run({.target_steps = 7, .evaluate_every = 1, .patience = 3, .best_file = file}, 0.1);
    EXPECT_EQ(result.statistics.steps, 7u)
        << "it improves, so early stopping leaves it alone: " << result.outcome.stop_reason;
    EXPECT_EQ(result.statistics.best_step, 7u);
    EXPECT_NEAR(result.statistics.best_validation_loss, 1.5, 1e-5);
    EXPECT_EQ(read_safetensors(file).metadata.at("step"), "7");
    ASSERT_EQ(messages_.size(), 1u);
    EXPECT_THAT(messages_[0], HasSubstr("the validation loss of step 1 is"));
    EXPECT_THAT(messages_[0], HasSubstr("without improvement"));
  }
}

TEST_F(LoopTest, EvaluationsThatStayNotFiniteEndTheRunAndLeaveNoBestWeights) {
  const TemporaryFolder folder;
  for (const double loss : {std::nan(""), infinite}) {
    SetUp();
    losses_.clear();
    evaluations_are({loss, loss, loss, loss, loss});
    const auto file = folder / "best.safetensors";
    const auto result = run({.target_steps = 5, .evaluate_every = 1, .patience = 3, .best_file = file}, 0.1);
    EXPECT_EQ(result.statistics.steps, 3u);
    EXPECT_EQ(result.outcome.stop_reason, "early stopping: the validation loss of 3 evaluations was not finite");
    EXPECT_EQ(result.statistics.best_step, 0u);
    EXPECT_TRUE(std::isnan(result.statistics.best_validation_loss));
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

TEST_F(LoopTest, ALossThatBecomesNonfiniteIsNotAnImprovement) {
  for (const double loss : {std::nan(""), infinite}) {
    SetUp();
    losses_.clear();
    evaluations_are({3, loss, loss, 4});
    const auto result = run({.target_steps = 9, .evaluate_every = 1, .patience = 3}, 0.1);
    EXPECT_EQ(result.statistics.steps, 4u);
    EXPECT_THAT(result.outcome.stop_reason, HasSubstr("without a lower validation loss than 3"));
    EXPECT_EQ(result.statistics.best_step, 1u);
  }
}

TEST_F(LoopTest, NamesTheSamplesOfALossThatIsNotFiniteAndFailsAfterSomeInARow) {
  Rows::y[3] = {std::nanf("")};  // in every second batch
  const auto result = run({.target_steps = 4, .max_nonfinite_losses = 2}, 0.1);
  EXPECT_EQ(result.statistics.skipped_steps, 2u);
  ASSERT_EQ(messages_.size(), 3u) << "not in a row: each is said, and the validation loss at the end";
  EXPECT_THAT(messages_[2], HasSubstr("the validation loss of step 4 is nan"));
  EXPECT_THAT(messages_[0], HasSubstr("the loss of step 2 is nan: the target `y` of sample 3 has nan"));
  EXPECT_THAT(messages_[0], HasSubstr("Its samples: 2, 3"));

  SetUp();
  Rows::y = {{std::nanf("")}, {2}, {std::nanf("")}, {2}};
  messages_.clear();
  try {
    run({.target_steps = 100, .max_nonfinite_losses = 3}, 0.1);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the loss of step 3 is nan"));
    EXPECT_THAT(error.what(), HasSubstr("number 3 in a row"));
  }
  EXPECT_EQ(messages_.size(), 1u);
}

TEST_F(LoopTest, WeightsThatAreNotFiniteAreBlamedAndNotTheSamples) {
  {
    const at::NoGradGuard no_grad;
    weight_.fill_(std::nan(""));
  }
  try {
    run({.target_steps = 9, .max_nonfinite_losses = 2}, 0.1);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the loss of step 2 is nan: the weights are not finite: `w` (1 of 1 values)"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("samples")));
  }
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_THAT(messages_[0], HasSubstr("`w` (1 of 1 values)"));
}

TEST_F(LoopTest, ARunWhoseFolderIsGoneFails) {
  const TemporaryFolder folder;
  const auto gone = folder / "gone";
  EXPECT_THROW(run({.target_steps = 9, .run_folder = gone}, 0.1), RunFolderGone);
  SetUp();
  std::filesystem::create_directory(gone);
  EXPECT_EQ(run({.target_steps = 9, .run_folder = gone}, 0.1).statistics.steps, 9u);
}

TEST_F(LoopTest, ASignalBreaksOffAnEvaluation) {
  signal_in_evaluation_ = true;
  for (const std::uint64_t evaluate_every : {2, 0}) {  // on the way, and at the end
    signal_ = 0;
    const auto result = run({.target_steps = 4, .evaluate_every = evaluate_every}, 0.1);
    EXPECT_EQ(result.outcome.state, RunState::interrupted);
    EXPECT_EQ(result.statistics.steps, evaluate_every == 0 ? 4u : 2u);
    EXPECT_TRUE(std::isnan(result.statistics.validation_loss));
    EXPECT_THAT(losses_, ::testing::IsEmpty());
  }
}

TEST_F(LoopTest, EvaluatesTheAverageOfTheWeights) {
  const auto result = run({.target_steps = 3, .evaluate_every = 0}, 0.1, 0.9);
  // w: 0.4, 0.72, 0.976; decays of the ramp: 2/11, 3/12, 4/13.
  double average = 0, w = 0;
  for (int n = 1; n <= 3; ++n) {
    w += 0.2 * (2 - w);
    const double decay = (1.0 + n) / (10.0 + n);
    average = decay * average + (1 - decay) * w;
  }
  EXPECT_NEAR(result.statistics.validation_loss, (2 - average) * (2 - average), 1e-5);
  EXPECT_NEAR(weight_.item<float>(), w, 1e-5);
}

TEST_F(LoopTest, WarningsOfLibTorchAreToldOnceAndAsTheRunsOwn) {
  const TorchWarnings warnings(*this);
  for (int i = 0; i < 2; ++i) TORCH_WARN("it is ", "slow");
  EXPECT_EQ(messages_, std::vector<std::string>{"LibTorch: it is slow"});
}

}  // namespace
}  // namespace binade::host
