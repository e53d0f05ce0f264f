// The mlp model, and two unusual models: one with two inputs, one with its own loss.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/opened_dataset.h"
#include "tests/plugins/opened_model.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

std::string fixture(const std::string& name) { return std::string(BINADE_FIXTURE_DIR) + "/" + name + ".so"; }

GivenOptions mlp(GivenOptions more = {}) {
  more.insert({{"features", integer(2)}, {"classes", integer(3)}, {"units", integer(16)}});
  return more;
}

TEST(Mlp, HasAsManyLayersAsAsked) {
  EXPECT_EQ(OpenedModel("mlp", mlp()).parameter_count(), (2 + 1) * 16 + (16 + 1) * 16 + (16 + 1) * 3);
  EXPECT_EQ(OpenedModel("mlp", mlp({{"layers", integer(0)}})).parameter_count(), (2 + 1) * 3);
  EXPECT_EQ(OpenedModel("mlp", mlp()).parameters().front().first, "hidden.0.weight");
}

TEST(Mlp, IsLinearWithoutHiddenLayers) {
  OpenedModel model("mlp", mlp({{"layers", integer(0)}}));
  const auto x = at::randn({4, 2});
  EXPECT_TRUE(model.forward({x * 2}).allclose(model.forward({x}) * 2 - model.forward({x * 0}), 1e-4, 1e-5));
}

TEST(Mlp, TakesEverythingBehindTheBatchDimensionAsFeatures) {
  OpenedModel model("mlp", mlp({{"features", integer(12)}}));
  EXPECT_EQ(model.forward({at::ones({5, 3, 2, 2})}).sizes(), at::IntArrayRef({5, 3}));
}

TEST(Mlp, LearnsExclusiveOrWithEitherActivation) {
  const auto x = at::tensor({-1.0f, -1.0f, -1.0f, 1.0f, 1.0f, -1.0f, 1.0f, 1.0f}).view({4, 2});
  const auto y = at::tensor({0, 1, 1, 0}, at::kLong);
  for (const char* activation : {"relu", "gelu"}) {
    OpenedModel model("mlp", mlp({{"classes", integer(2)}, {"activation", text(activation)}}));
    for (int step = 0; step < 200; ++step) model.descend(at::cross_entropy_loss(model.forward({x}), y), 0.5);
    EXPECT_TRUE(model.forward({x}).argmax(1).equal(y)) << activation;
  }
}

TEST(Mlp, DropsOutOnlyWhileTraining) {
  OpenedModel model("mlp", mlp({{"dropout", {Scalar(0.5)}}}));
  const auto x = at::ones({4, 2});
  EXPECT_FALSE(model.forward({x}).equal(model.forward({x})));
  model.train(false);
  EXPECT_TRUE(model.forward({x}).equal(model.forward({x})));
}

TEST(TwoInputs, LearnsFromTwoFieldsOfADataset) {
  const OpenedDataset pairs(fixture("pairs"), {});
  std::vector<std::uint64_t> all(800);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  auto a = pairs.read<float>(0, all), b = pairs.read<float>(1, all);
  auto labels = pairs.read<std::int64_t>(2, all);
  const auto left = at::from_blob(a.data(), {800, 2}), right = at::from_blob(b.data(), {800, 2});
  const auto label = at::from_blob(labels.data(), {800}, at::kLong);

  OpenedModel model(fixture("two_inputs"), {{"features", integer(2)}, {"classes", integer(2)}});
  for (int step = 0; step < 200; ++step)
    model.descend(at::cross_entropy_loss(model.forward({left, right}), label), 1.0);
  const auto logits = model.forward({left, right});  // not `features`, which stands first in the struct
  EXPECT_EQ(logits.sizes(), at::IntArrayRef({800, 2}));
  EXPECT_GT(logits.argmax(1).eq(label).to(at::kFloat).mean().item<double>(), 0.95);
  EXPECT_FALSE(model.has_loss());
}

TEST(TwoInputs, RefusesAnotherNumberOfInputs) {
  OpenedModel model(fixture("two_inputs"), {{"features", integer(2)}, {"classes", integer(2)}});
  try {
    model.forward({at::ones({1, 2})});
    FAIL() << "it went through";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("forward() takes 2 inputs, the manifest names 1"));
  }
}

TEST(OwnLoss, GivesItsValueAndNamedScalars) {
  OpenedModel model(fixture("own_loss"), {{"features", integer(4)}});
  ASSERT_TRUE(model.has_loss());
  const std::map<std::string, at::Tensor> batch = {{"features", at::randn({64, 4})}};
  const auto values = model.loss(batch);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[1].first, "reconstruction");
  EXPECT_EQ(values[2].first, "sparsity");
  const auto sum = values[1].second + 0.01 * values[2].second;
  EXPECT_FLOAT_EQ(values[0].second.item<float>(), sum.item<float>());
  // forward() returns a tuple, whose first element is used.
  const auto decoded = model.forward({batch.at("features")});
  EXPECT_FLOAT_EQ(values[1].second.item<float>(), at::mse_loss(decoded, batch.at("features")).item<float>());

  for (int step = 0; step < 200; ++step) model.descend(model.loss(batch)[0].second, 0.1);
  EXPECT_LT(model.loss(batch)[0].second.item<double>(), 0.5 * values[0].second.item<double>());
}

TEST(OwnLoss, NamesTheFieldThatTheDatasetLacks) {
  OpenedModel model(fixture("own_loss"), {{"features", integer(4)}});
  try {
    model.loss({{"tokens", at::ones({1})}});
    FAIL() << "it went through";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the dataset has no field `features`"));
  }
}

}  // namespace
}  // namespace binade::host
