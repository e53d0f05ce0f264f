// Gradients by exponent and by part of the model, and the order in which backward made them.
#include "host/engine/amp/gradient_statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "binade/autocast.h"
#include "host/engine/amp/backward_order.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using testing::TensorModel;

TEST(GradientGroups, AreTheFirstWordOfANameWithItsNumber) {
  const GradientGroups groups(
      {"embedding.weight", "blocks.0.norm.weight", "blocks.0.head.bias", "blocks.10.w", "blocks.x.w", "bias"});
  EXPECT_THAT(groups.names, ElementsAre("embedding", "blocks.0", "blocks.10", "blocks", "bias"));
  EXPECT_THAT(groups.of, ElementsAre(0, 1, 1, 2, 3, 4));
}

TEST(GradientGroups, BeyondThirtyTwoAreFoldedIntoOne) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("blocks." + std::to_string(i) + ".weight");
  const GradientGroups groups(names);
  ASSERT_EQ(groups.names.size(), max_gradient_groups);
  EXPECT_EQ(groups.names[31], "blocks.31");
  EXPECT_EQ(groups.names[32], "other");
  EXPECT_EQ(groups.of[32], 32u);
  EXPECT_EQ(groups.of[39], 32u);
}

class GradientStatisticsTest : public ::testing::Test {
 protected:
  GradientStatistics statistics(std::uint32_t dtype = BINADE_FLOAT16) {
    TensorModel::parameters = {{"a.weight", a_}, {"a.bias", b_}, {"frozen", at::zeros({1})}, {"c", c_}};
    return {Model(TensorModel::plugin(), OptionTable{}, {}, c10::Device(c10::kCPU)), autocast(dtype)};
  }

  at::Tensor a_ = at::zeros({2}).requires_grad_(true), b_ = at::zeros({1}).requires_grad_(true),
             c_ = at::zeros({3}).requires_grad_(true);
};

TEST_F(GradientStatisticsTest, CountsElementsByTheirExponentAndGroup) {
  auto statistics = this->statistics();
  StepRecord record;
  record.step = 7;
  record.loss_scale = 4;
  statistics.count({at::tensor({1.5f, -1.0f}), at::tensor({0.0f}), at::tensor({4.0f, inf, std::nanf("")})}, record);
  const auto& sample = statistics.sample();
  EXPECT_EQ(sample.step, 7u);
  EXPECT_EQ(sample.loss_scale, 4);
  ASSERT_EQ(sample.groups.size(), 2u);
  EXPECT_EQ(sample.groups[0][127], 2u);
  EXPECT_EQ(sample.groups[0][0], 1u);
  EXPECT_EQ(sample.groups[1][129], 1u);
  EXPECT_EQ(sample.groups[1][255], 2u);
  EXPECT_EQ(elements(sample.groups[0]), 3u);
  EXPECT_EQ(elements(statistics.all_counts()), 6u);
  EXPECT_EQ(statistics.all_counts()[129], 1u);
}

TEST_F(GradientStatisticsTest, CountsEachStepAnewAndLeavesOutWhatHasNoGradient) {
  auto statistics = this->statistics();
  for (int step = 0; step < 2; ++step) statistics.count({at::tensor({1.0f, 1.0f}), {}, {}}, {});
  EXPECT_EQ(elements(statistics.sample().groups[0]), 2u);
  EXPECT_EQ(elements(statistics.sample().groups[1]), 0u);
  EXPECT_EQ(elements(statistics.all_counts()), 2u);
}

TEST_F(GradientStatisticsTest, CountsOfADeviceAreThoseOfTheHost) {
  c_ = at::zeros({100, 50}).requires_grad_(true);
  auto statistics = this->statistics();
  const auto gradient = at::randn({50, 100}).pow(5).t();  // neither contiguous nor of few exponents
  statistics.count({{}, {}, gradient}, {});
  const auto counted = exponent_counts(gradient.contiguous());
  for (std::int64_t e = 0; e < 256; ++e) {
    EXPECT_EQ(static_cast<std::uint64_t>(counted[e].item<std::int64_t>()),
              statistics.all_counts()[static_cast<std::size_t>(e)]);
  }
}

TEST_F(GradientStatisticsTest, UnderflowIsTheShareBelowTheNormalNumbersOfTheComputePrecision) {
  const auto gradient = at::tensor({0.0f, 0x1p-14f, 0x1p-15f, 0x1p-30f, inf, 1.0f});
  c_ = at::zeros({6}).requires_grad_(true);
  auto half = statistics(BINADE_FLOAT16);
  half.count({{}, {}, gradient}, {});
  const auto& counts = half.all_counts();
  EXPECT_DOUBLE_EQ(underflow_ratio(counts, half.sample().smallest_exponent), 0.5);
  EXPECT_DOUBLE_EQ(overflow_ratio(counts), 1.0 / 6);
  auto brain = statistics(BINADE_BFLOAT16);
  brain.count({{}, {}, gradient}, {});
  EXPECT_EQ(underflow_ratio(brain.all_counts(), brain.sample().smallest_exponent), 0);
  EXPECT_EQ(underflow_ratio({}, -14), 0);
  EXPECT_EQ(overflow_ratio({}), 0);
}

TEST_F(GradientStatisticsTest, FindsWhichPartsAreNotFiniteAndTheFirstThatBackwardMade) {
  auto statistics = this->statistics();
  const auto c = c_.sum();  // forward: c, b, a, and backward the other way round
  const auto b = b_.sum();
  const auto a = a_.sum();
  const auto loss = a * b * c;
  NonfiniteGradients found;
  EXPECT_EQ(statistics.find_nonfinite({at::tensor({inf, 1.0f}), at::tensor({1.0f}), at::tensor({1.0f, -inf, 1.0f})},
                                      loss, found),
            SkipCause::overflow);
  EXPECT_EQ(found.first, 0);
  EXPECT_TRUE(found.groups[0].inf && found.groups[1].inf);
  EXPECT_FALSE(found.groups[0].nan || found.groups[1].nan);

  EXPECT_EQ(statistics.find_nonfinite({{}, at::tensor({1.0f}), at::tensor({std::nanf(""), 1.0f, 1.0f})}, loss, found),
            SkipCause::nan);
  EXPECT_EQ(found.first, 2);
  EXPECT_TRUE(found.groups[1].nan);
  EXPECT_FALSE(found.groups[0].inf || found.groups[1].inf) << "of the step before";

  EXPECT_EQ(statistics.find_nonfinite({at::ones({2}), at::ones({1}), at::ones({3})}, loss, found), SkipCause::norm);
  EXPECT_EQ(found.first, -1);
}

TEST(BackwardOrder, IsThatOfTheForwardPassReversed) {
  at::Tensor layers[3];
  for (auto& layer : layers) layer = at::ones({4, 4}).requires_grad_(true);
  auto x = at::ones({2, 4});
  for (const auto& layer : layers) x = at::relu(at::linear(x, layer));
  EXPECT_THAT(backward_order(x.sum(), {layers[0], layers[1], layers[2]}), ElementsAre(2, 1, 0));
}

TEST(BackwardOrder, AWeightUsedTwiceIsCompleteWithItsFirstUse) {
  const auto tied = at::ones({4, 4}).requires_grad_(true), middle = at::ones({4, 4}).requires_grad_(true);
  const auto x = at::linear(at::linear(at::linear(at::ones({2, 4}), tied), middle), tied);
  EXPECT_THAT(backward_order(x.sum(), {tied, middle}), ElementsAre(1, 0));
}

TEST(BackwardOrder, SeesThroughAutocastAndPutsTheUnreachedLast) {
  const auto first = at::ones({4, 4}).requires_grad_(true), second = at::ones({4, 4}).requires_grad_(true),
             unused = at::ones({1}).requires_grad_(true);
  const Autocast guard(at::kCPU, at::kBFloat16, true);
  const auto loss = at::linear(at::linear(at::ones({2, 4}), first), second).to(at::kFloat).sum();
  loss.backward();
  EXPECT_THAT(backward_order(loss, {unused, first, second}), ElementsAre(2, 1, 0));
}

}  // namespace
}  // namespace binade::host
