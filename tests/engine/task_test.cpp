// The task's losses: what is shifted, what is masked, what is counted.
#include "host/engine/task.h"

#include <ATen/ops/one_hot.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::fp32_policy;
using testing::LabelledRows;
using testing::TensorModel;

const c10::Device cpu(c10::kCPU);

// Sequences of any length up to 4 of the tokens 0..4; shorter ones are padded with 0.
struct Sequences {
  static inline std::vector<std::vector<std::int64_t>> sequences;

  Description describe() const {
    Description description;
    description.split("train", sequences.size()).split("validation", sequences.size());
    description.field<std::int64_t>("tokens", {variable});
    return description;
  }
  std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t index, std::size_t) const {
    return {static_cast<std::int64_t>(sequences[index].size())};
  }
  void read(const Sample& sample) const {
    const auto& tokens = sequences[sample.index()];
    std::copy(tokens.begin(), tokens.end(), sample.field<std::int64_t>(0).begin());
  }
};

template <class Rows>
TaskResult run_task(const testing::Options& options,
                    std::function<at::Tensor(const std::vector<at::Tensor>&)> forward) {
  TensorModel::parameters = {{"w", at::zeros({1}).requires_grad_(true)}};
  TensorModel::forward = std::move(forward);
  const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
  Model model(TensorModel::plugin(), OptionTable{}, {dataset.fields().front().name}, cpu);
  const Task task(options.table(), dataset, model);
  const auto split = dataset.split("train", 0);
  BatchLoader loader(dataset, split, Sampler(split.size, split.size, false, false, 0, Shard{}), false, 0, 0, 1, 0, 0);
  BatchTensors batch(cpu);
  batch.assign(loader.next());
  return task.run(model, batch, fp32_policy, cpu);
}

// Certain that the next token is this one plus one.
at::Tensor successor(const std::vector<at::Tensor>& inputs) {
  return at::one_hot(inputs[0].add(1).remainder(5), 5).to(at::kFloat).mul(100);
}

TEST(Task, NextTokenComparesEachPositionWithTheTokenAfterIt) {
  Sequences::sequences = {{0, 1, 2, 3}, {1, 2, 3, 4}};
  const auto right = run_task<Sequences>(testing::task_options("next_token", "tokens"), successor);
  EXPECT_NEAR(right.loss.item<double>(), 0, 1e-6);
  EXPECT_EQ(right.counted.item<float>(), 6);
  EXPECT_EQ(right.correct.item<float>(), 6);

  Sequences::sequences = {{0, 1, 3, 3}};
  EXPECT_EQ(run_task<Sequences>(testing::task_options("next_token", "tokens"), successor).correct.item<float>(), 1);
}

TEST(Task, PaddingIsNoTarget) {
  Sequences::sequences = {{0, 1, 2, 3}, {3, 4}};
  const auto result = run_task<Sequences>(testing::task_options("next_token", "tokens"), successor);
  EXPECT_EQ(result.counted.item<float>(), 4);
  EXPECT_NEAR(result.loss.item<double>(), 0, 1e-6);
}

const auto by_label = testing::task_options("cross_entropy", "label");

TEST(Task, CrossEntropyOfEqualLogitsIsTheLogarithmOfTheClasses) {
  LabelledRows::features = {{0}, {0}, {0}};
  LabelledRows::labels = {0, 1, 0};
  const auto result = run_task<LabelledRows>(by_label, [](const auto& inputs) {
    return at::zeros({inputs[0].size(0), 7});
  });
  EXPECT_NEAR(result.loss.template item<double>(), std::log(7.0), 1e-6);
  EXPECT_EQ(result.correct.template item<float>(), 2);
  EXPECT_EQ(result.counted.template item<float>(), 3);
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const std::exception& exception) {
    return exception.what();
  }
  return "(nothing thrown)";
}

TEST(Task, SaysWhichShapesDoNotFit) {
  LabelledRows::features = {{0}, {0}};
  LabelledRows::labels = {0, 1};
  const auto flat = [](const auto& inputs) { return at::zeros({inputs[0].size(0)}); };
  const auto message = message_of([&] { run_task<LabelledRows>(by_label, flat); });
  EXPECT_NE(message.find("the model gave [2]"), std::string::npos) << message;
}

TEST(Task, NamesTheFieldsThereAreWhenTheTargetIsNone) {
  LabelledRows::features = {{0}};
  LabelledRows::labels = {0};
  const auto options = testing::task_options("cross_entropy", "lable");
  const auto message = message_of([&] { run_task<LabelledRows>(options, successor); });
  EXPECT_NE(message.find("features, label"), std::string::npos) << message;
}

TEST(Task, RefusesTheModelsLossWhereTheModelHasNone) {
  LabelledRows::features = {{0}};
  LabelledRows::labels = {0};
  testing::Options options;
  options.string("loss", "model");
  const auto message = message_of([&] { run_task<LabelledRows>(options, successor); });
  EXPECT_NE(message.find("no loss()"), std::string::npos) << message;
}

}  // namespace
}  // namespace binade::host
