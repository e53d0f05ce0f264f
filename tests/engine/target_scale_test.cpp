// A standardized target: the samples it is fitted on, the loss that is minimised, and the loss that is reported.
#include "host/engine/model/target_scale.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "host/engine/evaluation/evaluation.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using testing::fp32_policy;
using ::testing::HasSubstr;
using testing::Rows;
using testing::TensorModel;

class TargetScaleTest : public ::testing::Test {
 protected:
  TargetScaleTest() {
    Rows::x = {{1}, {2}, {3}, {4}};
    Rows::y = {{100, 5}, {300, 7}};
  }

  // Of the first `samples` rows.
  template <class Data = Rows>
  TargetScale fit(std::uint64_t samples, const std::string& field = "y", std::uint64_t batch_size = 3) {
    const Dataset dataset(testing::dataset_plugin<Data>(), OptionTable{});
    const Split split{"train", 0, samples, 0, {}};
    return fit_target_scale({dataset, split, field, batch_size, 1, 4, 0, [] { return true; }});
  }

  std::string refusal(const std::function<void()>& body) {
    try {
      body();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
};

TEST_F(TargetScaleTest, IsTheMeanAndDeviationOfEachComponentOfTheSplitsSamplesAlone) {
  Rows::y = {{1, 10}, {3, 10}, {5, 10}, {1000, -7}};
  const auto scale = fit(3);
  EXPECT_THAT(scale.mean, ElementsAre(3, 10));
  EXPECT_THAT(scale.deviation, ElementsAre(::testing::DoubleEq(std::sqrt(8.0 / 3)), 1))
      << "of a constant component it is 1";
  EXPECT_THAT(scale.shape, ElementsAre(2));
  EXPECT_EQ(to_text(scale), "mean 3, 10, deviation 1.63299, 1");
}

TEST_F(TargetScaleTest, IsExactWhereValuesAreLargeAndCloseTogether) {
  // Next to 2^24: the mean of the squares less the square of the mean is wrong in the fourth digit.
  Rows::x = {{1}, {2}, {3}, {4}, {5}};
  Rows::y = {{16777214}, {16777212}, {16777208}, {16777206}, {16777201}};
  for (const std::uint64_t batch_size : {1, 3, 5}) {
    const auto scale = fit(5, "y", batch_size);
    EXPECT_DOUBLE_EQ(scale.mean[0], 16777208.2);
    EXPECT_NEAR(scale.deviation[0], std::sqrt(20.96), 1e-7);
  }
}

TEST_F(TargetScaleTest, NamesTheSampleWhoseTargetIsNotANumber) {
  Rows::y = {{1}, {2}, {3}, {std::nanf("")}};
  EXPECT_THAT(refusal([&] { fit(4); }), HasSubstr("the y of sample 3 of the dataset is inf or NaN"));
  EXPECT_EQ(fit(3).mean[0], 2) << "which is not read";
}

TEST_F(TargetScaleTest, WantsATargetOfOneSize) {
  testing::Sequences::sequences = {{0, 1}, {1, 2, 3}};
  EXPECT_THAT(refusal([&] { fit<testing::Sequences>(2, "tokens"); }), HasSubstr("needs a target of one size"));
}

TEST_F(TargetScaleTest, IsReadBackFromItsJsonExactly) {
  const TargetScale scale{{0.1, -1.0 / 3}, {1e-300, 1e300}, {2}};
  const auto back = target_scale(nlohmann::json::parse(to_json(scale).dump()));
  EXPECT_EQ(back.mean, scale.mean);
  EXPECT_EQ(back.deviation, scale.deviation);
  EXPECT_EQ(back.shape, scale.shape);
}

TEST_F(TargetScaleTest, FitsATargetOfItsShape) {
  Rows::y = {{1, 10}, {3, 10}, {5, 10}, {1000, -7}};
  const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
  EXPECT_TRUE(fits({{0, 0}, {1, 1}, {2}}, dataset, "y"));
  EXPECT_FALSE(fits({{0}, {1}, {1}}, dataset, "y"));
  EXPECT_FALSE(fits({{0, 0}, {1}, {2}}, dataset, "y"));
}

// A model y = w, of two components, on two rows.
struct Regression {
  explicit Regression(const std::string& loss = "mse") : settings(prepare(loss)) {}

  TaskSettings prepare(const std::string& loss) {
    Rows::x = {{1}, {1}};
    TensorModel::parameters = {{"w", weight}};
    TensorModel::forward = [this](const auto& inputs) { return at::ones({inputs[0].size(0), 1}) * weight; };
    return testing::task_settings(loss, "y");
  }
  TaskResult run() {
    BatchLoader loader(dataset, split, Sampler(2, 2, Order::sequential, false, 0, Shard{}), false, 0, 0, 1, 0, 0);
    BatchTensors batch(cpu);
    batch.assign(loader.next());
    return task.run(model, batch, fp32_policy, cpu, true);
  }

  at::Tensor weight = at::ones({2}).requires_grad_(true);
  TaskSettings settings;
  Dataset dataset{testing::dataset_plugin<Rows>(), OptionTable{}};
  Split split = dataset.split("train");
  Model model{TensorModel::plugin(), OptionTable{}, {"x"}, cpu};
  Task task{settings, dataset, model};
};

TEST_F(TargetScaleTest, MinimisesTheStandardizedLossAndTellsThatOfTheTargetsOwnUnits) {
  Regression regression;
  regression.task.standardize(fit(2), cpu);  // mean 200 and 6, deviation 100 and 1
  const auto result = regression.run();
  // The model says 1 of targets -1 and 1: errors 2 and 0. In their own units 300 against 100 and 300, 7 against 5
  // and 7.
  EXPECT_FLOAT_EQ(result.loss.item<float>(), (4 + 0 + 4 + 0) / 4.0f);
  EXPECT_FLOAT_EQ(result.told().item<float>(), (200.0f * 200 + 0 + 4 + 0) / 4);
  EXPECT_FALSE(result.told().requires_grad());
  result.loss.backward();
  EXPECT_FLOAT_EQ(regression.weight.grad()[0].item<float>(), 1);
}

TEST_F(TargetScaleTest, EvaluatesInTheTargetsOwnUnits) {
  Regression regression;
  const auto evaluated = [&] {
    const EvaluationPlan plan{regression.dataset, regression.split, 2, 0, 0, 1, 0};
    return evaluate(plan, regression.model, regression.task, fp32_policy, cpu)->loss;
  };
  EXPECT_FLOAT_EQ(static_cast<float>(evaluated()), (99.f * 99 + 299.f * 299 + 4 * 4 + 6 * 6) / 4);
  regression.task.standardize(fit(2), cpu);
  EXPECT_FLOAT_EQ(static_cast<float>(evaluated()), (200.0f * 200 + 4) / 4);
}

TEST_F(TargetScaleTest, IsOfAMeanSquaredErrorOnly) {
  Regression regression("cross_entropy");
  EXPECT_EQ(refusal([&] {
              regression.task.standardize({{0}, {1}, {1}}, cpu);
            }),
            "[dataset] standardize_target needs [task] loss = \"mse\", not \"cross_entropy\"");
}

TEST_F(TargetScaleTest, IsAdvisedWhereATargetIsHugeAndTheModelStartsFarBelow) {
  Regression regression;
  const auto warning = [&] {
    const EvaluationPlan plan{regression.dataset, regression.split, 2, 0, 0, 1, 0};
    return probe(plan, regression.model, regression.task, fp32_policy, cpu).warning;
  };
  EXPECT_THAT(warning(), HasSubstr("the target `y` is of the size 158 in the first batch"));
  {
    const at::NoGradGuard no_grad;
    regression.weight.copy_(at::tensor({200.0f, 6.0f}));  // of a model that knows the size
  }
  EXPECT_EQ(warning(), "");
  regression.weight.detach().fill_(0);
  EXPECT_NE(warning(), "");
  regression.task.standardize(fit(2), cpu);
  EXPECT_EQ(warning(), "");
}

TEST_F(TargetScaleTest, IsNotAdvisedForATargetOfOrdinarySize) {
  Rows::y = {{1, 5}, {3, 7}};
  Regression regression;
  const EvaluationPlan plan{regression.dataset, regression.split, 2, 0, 0, 1, 0};
  EXPECT_EQ(probe(plan, regression.model, regression.task, fp32_policy, cpu).warning, "");
}

}  // namespace
}  // namespace binade::host
