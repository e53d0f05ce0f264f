// The losses of tasks: shifting, masking, counting.
#include "host/engine/model/task.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::fp32_policy;
using testing::LabelledRows;
using testing::Sequences;
using testing::TensorModel;

template <class Rows>
TaskResult run_task(const TaskSettings& settings, std::function<at::Tensor(const std::vector<at::Tensor>&)> forward,
                    bool training = true, const binade_policy& policy = fp32_policy) {
  TensorModel::parameters = {{"w", at::zeros({1}).requires_grad_(true)}};
  TensorModel::forward = std::move(forward);
  const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
  Model model(TensorModel::plugin(), OptionTable{}, {dataset.fields().front().name}, cpu);
  const Task task(settings, dataset, model);
  const auto split = dataset.split("train");
  BatchLoader loader(dataset, split, Sampler(split.size, split.size, Order::sequential, false, 0, Shard{}), false, 0, 0,
                     1, 0, 0);
  BatchTensors batch(cpu);
  batch.assign(loader.next());
  return task.run(model, batch, policy, cpu, training);
}

// Certain that the next token is this one plus one.
at::Tensor successor(const std::vector<at::Tensor>& inputs) {
  return at::one_hot(inputs[0].add(1).remainder(5), 5).to(at::kFloat).mul(100);
}

TEST(Task, NextTokenComparesEachPositionWithTheTokenAfterIt) {
  Sequences::sequences = {{0, 1, 2, 3}, {1, 2, 3, 4}};
  const auto right = run_task<Sequences>(testing::task_settings("next_token", "tokens"), successor);
  EXPECT_NEAR(right.loss.item<double>(), 0, 1e-6);
  EXPECT_EQ(right.counted.item<float>(), 6);
  EXPECT_EQ(right.correct.item<float>(), 6);

  Sequences::sequences = {{0, 1, 3, 3}};
  EXPECT_EQ(run_task<Sequences>(testing::task_settings("next_token", "tokens"), successor).correct.item<float>(), 1);
}

TEST(Task, SmoothsLabelsInTrainingOnly) {
  Sequences::sequences = {{0, 1, 2, 3}};
  auto settings = testing::task_settings("next_token", "tokens");
  settings.label_smoothing = 0.1;
  EXPECT_NEAR(run_task<Sequences>(settings, successor, false).loss.item<double>(), 0, 1e-6);
  // Of a certain and right answer among 5: 0.1 / 5 of the target lies on each of 4 classes with logit -100.
  EXPECT_NEAR(run_task<Sequences>(settings, successor, true).loss.item<double>(), 4 * 0.1 / 5 * 100, 1e-4);
}

TEST(Task, HasTheUnsmoothedLossBesideASmoothedOne) {
  Sequences::sequences = {{0, 1, 2, 3}};
  auto settings = testing::task_settings("next_token", "tokens");
  EXPECT_TRUE(run_task<Sequences>(settings, successor).scalars.empty());
  settings.label_smoothing = 0.1;
  const auto unsure = [](const auto& inputs) { return successor(inputs).div(50); };
  const auto plain = run_task<Sequences>(testing::task_settings("next_token", "tokens"), unsure).loss.item<double>();
  for (const bool training : {true, false}) {
    const auto result = run_task<Sequences>(settings, unsure, training);
    ASSERT_EQ(result.scalars.size(), 1u);
    EXPECT_EQ(result.scalars[0].name, "unsmoothed_loss");
    EXPECT_FALSE(result.scalars[0].tensor.requires_grad());
    EXPECT_FLOAT_EQ(result.scalars[0].tensor.item<float>(), static_cast<float>(plain));
    EXPECT_EQ(result.loss.item<double>() > plain + 0.01, training);
  }
}

TEST(Task, RefusesLabelSmoothingWithoutLabels) {
  Sequences::sequences = {{0, 1}};
  auto settings = testing::task_settings("mse", "tokens");
  settings.label_smoothing = 0.1;
  try {
    run_task<Sequences>(settings, successor);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("label_smoothing needs"), std::string::npos) << error.what();
  }
}

TEST(Task, PaddingIsNotATarget) {
  Sequences::sequences = {{0, 1, 2, 3}, {3, 4}};
  const auto result = run_task<Sequences>(testing::task_settings("next_token", "tokens"), successor);
  EXPECT_EQ(result.counted.item<float>(), 4);
  EXPECT_NEAR(result.loss.item<double>(), 0, 1e-6);
}

const auto by_label = testing::task_settings("cross_entropy", "label");

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

std::string thrown_by(const std::function<void()>& body) {
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
  const auto message = thrown_by([&] { run_task<LabelledRows>(by_label, flat); });
  EXPECT_NE(message.find("the model returned [2]"), std::string::npos) << message;
}

TEST(Task, NamesTheSampleWhoseTargetIsNotAClass) {
  LabelledRows::features = {{0}, {0}, {0}};
  LabelledRows::labels = {1, 3, 0};
  const auto run = [](std::int64_t classes) {
    return thrown_by([&] {
      run_task<LabelledRows>(testing::task_settings("cross_entropy", "label"), [&](const auto& inputs) {
        return at::zeros({inputs[0].size(0), classes});
      });
    });
  };
  EXPECT_EQ(run(3), "sample 1 of the dataset has the label 3, but the model's classes are 0 to 2");
  EXPECT_EQ(run(4), "(nothing thrown)");
  LabelledRows::labels = {1, -100, 0};
  EXPECT_EQ(run(2), "(nothing thrown)") << "ignored";
  LabelledRows::labels = {1, 0, -1};
  EXPECT_NE(run(2).find("sample 2 of the dataset has the label -1"), std::string::npos);
}

TEST(Task, ListsTheFieldsWhenTheTargetIsNotOneOfThem) {
  LabelledRows::features = {{0}};
  LabelledRows::labels = {0};
  const auto settings = testing::task_settings("cross_entropy", "lable");
  const auto message = thrown_by([&] { run_task<LabelledRows>(settings, successor); });
  EXPECT_NE(message.find("features, label"), std::string::npos) << message;
}

constexpr binade_policy bf16_policy = autocast(BINADE_BFLOAT16);

// The forward of a linear model under autocast; `type` becomes the dtype of its output.
auto linear(at::ScalarType& type) {
  return [&type](const std::vector<at::Tensor>& inputs) {
    const auto out = at::linear(inputs[0], at::ones({3, 1}));
    type = out.scalar_type();
    return out;
  };
}

TEST(Task, ComputesLossAndAccuracyInFp32OutsideAutocast) {
  LabelledRows::features = {{1}, {2}};
  LabelledRows::labels = {0, 1};
  auto type = at::kFloat;
  const auto classified = run_task<LabelledRows>(by_label, linear(type), true, bf16_policy);
  EXPECT_EQ(type, at::kBFloat16);
  EXPECT_EQ(classified.loss.scalar_type(), at::kFloat);
  EXPECT_NEAR(classified.loss.item<float>(), std::log(3.0f), 1e-6);
  EXPECT_EQ(classified.correct.scalar_type(), at::kFloat);

  testing::Rows::x = {{1}};
  testing::Rows::y = {{1, 1, 0}};
  type = at::kFloat;
  const auto mse = run_task<testing::Rows>(testing::task_settings("mse", "y"), linear(type), true, bf16_policy);
  EXPECT_EQ(type, at::kBFloat16);
  EXPECT_EQ(mse.loss.scalar_type(), at::kFloat);

  Sequences::sequences = {{0, 1, 2}};
  const auto half = [](const std::vector<at::Tensor>& inputs) { return successor(inputs).to(at::kHalf); };
  const auto tokens = run_task<Sequences>(testing::task_settings("next_token", "tokens"), half, true, bf16_policy);
  EXPECT_EQ(tokens.loss.scalar_type(), at::kFloat);
  EXPECT_EQ(tokens.correct.item<float>(), 2);
}

// A model whose loss() gives this tensor.
struct OwnLoss : TensorModel {
  static inline at::Tensor value;
  static std::int32_t loss(void*, const binade_batch*, binade_loss* sink, binade_error*) {
    sink->set_value(sink, &value);
    return BINADE_OK;
  }
  static constexpr binade_model_table table{
      sizeof(binade_model_table), 0, create, destroy, run, loss, visit, visit_buffers, train, to, vocabulary};
  static Plugin plugin() {
    static const binade_plugin symbol{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_MODEL,
                                      &table};
    return Plugin::linked(symbol, "own_loss", &testing::quiet_host());
  }
};

TaskResult run_own_loss(const at::Tensor& value) {
  LabelledRows::features = {{1}};
  LabelledRows::labels = {0};
  OwnLoss::parameters.clear();
  OwnLoss::value = value;
  const Dataset dataset(testing::dataset_plugin<LabelledRows>(), OptionTable{});
  Model model(OwnLoss::plugin(), OptionTable{}, {"features"}, cpu);
  const Task task(testing::task_settings("model", "label"), dataset, model);
  BatchTensors batch(cpu);
  return task.run(model, batch, bf16_policy, cpu, true);
}

TEST(Task, TheModelsOwnLossArrivesInFp32) {
  for (const auto type : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
    const auto result = run_own_loss(at::ones({1}, type).requires_grad_(true));
    EXPECT_EQ(result.loss.scalar_type(), at::kFloat) << type;
    EXPECT_TRUE(result.loss.requires_grad());
  }
}

TEST(Task, RefusesAModelsLossThatIsNotAScalar) {
  EXPECT_EQ(thrown_by([] { run_own_loss(at::ones({2})); }),
            "model `own_loss`: loss() must return one scalar tensor as its value");
  EXPECT_EQ(thrown_by([] { run_own_loss({}); }), "model `own_loss`: loss() must return one scalar tensor as its value");
}

TEST(Task, RefusesTheModelsLossWhereTheModelHasNone) {
  LabelledRows::features = {{0}};
  LabelledRows::labels = {0};
  const auto settings = testing::task_settings("model", "label");
  const auto message = thrown_by([&] { run_task<LabelledRows>(settings, successor); });
  EXPECT_NE(message.find("no loss()"), std::string::npos) << message;
}

}  // namespace
}  // namespace binade::host
