// What causes a loss that is not finite: weights, an input or a target.
#include "host/engine/loop/nonfinite_cause.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

#include <limits>
#include <numeric>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Rows;
using testing::TensorModel;

constexpr float infinity = std::numeric_limits<float>::infinity();

class NonfiniteCauseTest : public ::testing::Test {
 protected:
  NonfiniteCauseTest() {
    Rows::x.assign(rows, {1, 2});
    Rows::y.assign(rows, {3});
    TensorModel::parameters = {{"first", at::zeros({2, 3})}, {"second", at::zeros({4})}};
  }

  NonfiniteCause cause(bool fp16_autocast = false) {
    auto policy = testing::fp32_policy;
    if (fp16_autocast) {
      policy.autocast = 1;
      policy.compute_dtype = BINADE_FLOAT16;
    }
    const Dataset dataset(testing::dataset_plugin<Rows>(), OptionTable{});
    const Split split{"train", 0, rows, 0, {}};
    const Model model(TensorModel::plugin(), OptionTable{}, {"x"}, c10::Device(c10::kCPU));
    std::vector<std::uint64_t> samples(rows);
    std::iota(samples.begin(), samples.end(), std::uint64_t{0});
    return nonfinite_cause(model, policy, {&dataset, &split, 0, {"x"}, "y"}, 0, samples);
  }

  static constexpr std::size_t rows = 150;  // more than are looked at at once
};

TEST_F(NonfiniteCauseTest, NamesEachParameterAndNotTheSamples) {
  TensorModel::parameters[0].second[1][2] = std::nanf("");
  TensorModel::parameters[1].second[0] = -infinity;
  Rows::x[3] = {infinity, 0};
  const auto found = cause();
  EXPECT_THAT(found.text, HasSubstr("the weights are not finite: `first` (1 of 6 values), `second` (1 of 4 values)"));
  EXPECT_FALSE(found.of_samples);
}

TEST_F(NonfiniteCauseTest, NamesTheInputAndItsSample) {
  Rows::x[120] = {1, infinity};
  Rows::x[140] = {std::nanf(""), 0};
  const auto found = cause();
  EXPECT_EQ(found.text, "the input `x` of sample 120 has inf (and 1 more of the step's samples)");
  EXPECT_TRUE(found.of_samples);
}

TEST_F(NonfiniteCauseTest, NamesTheTargetAndItsSample) {
  Rows::y[7] = {std::nanf("")};
  EXPECT_EQ(cause().text, "the target `y` of sample 7 has nan");
}

TEST_F(NonfiniteCauseTest, InputsBeyondFp16AreToBlameOnlyWhereAutocastComputesInIt) {
  Rows::x[9] = {0, -70000};
  EXPECT_THAT(cause(/*fp16_autocast=*/true).text,
              AllOf(HasSubstr("the input `x` of sample 9 has -70000"), HasSubstr("ends at 65504")));
  EXPECT_THAT(cause().text, AllOf(HasSubstr("weights, inputs and targets are finite"), Not(HasSubstr("65504"))));
  Rows::x[9] = {0, 65504};
  EXPECT_THAT(cause(/*fp16_autocast=*/true).text, HasSubstr("weights, inputs and targets are finite"));
  Rows::y[9] = {70000};
  EXPECT_THAT(cause(/*fp16_autocast=*/true).text, HasSubstr("weights, inputs and targets are finite"))
      << "a target is never cast";
}

TEST_F(NonfiniteCauseTest, AWeightBeyondFp16IsNamed) {
  TensorModel::parameters[1].second[2] = 1e6;
  EXPECT_THAT(cause(/*fp16_autocast=*/true).text, HasSubstr("the weight `second` has a value of magnitude 1e+06"));
  EXPECT_THAT(cause().text, HasSubstr("weights, inputs and targets are finite"));
}

TEST_F(NonfiniteCauseTest, DoesNotBlameEmptyTensorsOrIntegers) {
  TensorModel::parameters.emplace_back("empty", at::zeros({0}));
  TensorModel::parameters.emplace_back("count", at::full({2}, 70000, at::kLong));
  EXPECT_THAT(cause().text, HasSubstr("weights, inputs and targets are finite"));
  EXPECT_THAT(cause(/*fp16_autocast=*/true).text, HasSubstr("weights, inputs and targets are finite"))
      << "an integer is never cast";
}

}  // namespace
}  // namespace binade::host
