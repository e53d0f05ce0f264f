// Freezing, groups, and the average of the weights.
#include "host/engine/optim/parameters.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/engine/optim/weight_average.h"
#include "tests/engine/in_memory_plugins.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TensorModel;

template <class Body>
std::string mistake_of(Body body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

class Parameters : public ::testing::Test {
 protected:
  Parameters() {
    TensorModel::parameters.clear();
    for (const char* name : {"embedding.weight", "h.0.weight", "h.0.bias", "head.weight"}) {
      const bool bias = std::string(name).find("bias") != std::string::npos;
      auto tensor = bias ? at::zeros({2}) : at::zeros({2, 2});
      TensorModel::parameters.emplace_back(name, tensor.requires_grad_(true));
    }
    model_ = std::make_unique<Model>(TensorModel::plugin(), OptionTable{}, std::vector<std::string>{"x"}, cpu);
  }

  // The group of each trainable parameter, as "lr ratio / weight decay".
  std::vector<std::string> groups(bool decay_biases_and_norms, const std::vector<ParameterGroupSettings>& own) {
    const OptimizerSettings optimizer{.lr = 0.1, .weight_decay = 0.5, .decay_biases_and_norms = decay_biases_and_norms};
    const auto grouped = group_parameters(*model_, optimizer, own);
    std::vector<std::string> text(grouped.parameters.size(), "in no group");
    for (const auto& group : grouped.groups) {
      for (const auto i : group.members) {
        std::ostringstream out;
        out << group.lr_ratio << " / " << group.weight_decay;
        text[i] = out.str();
      }
    }
    return text;
  }

  std::unique_ptr<Model> model_;
};

TEST_F(Parameters, AllDecayByDefault) { EXPECT_THAT(groups(true, {}), ::testing::Each("1 / 0.5")); }

TEST_F(Parameters, BiasesAndNormsDecayOnlyWhereTheyAreToldTo) {
  EXPECT_THAT(groups(false, {}), ElementsAre("1 / 0.5", "1 / 0.5", "1 / 0", "1 / 0.5"));
  EXPECT_THAT(groups(false, {{.parameters = {"h.*"}, .weight_decay = 0.25}}),
              ElementsAre("1 / 0.5", "1 / 0.25", "1 / 0.25", "1 / 0.5"));
}

TEST_F(Parameters, EachBelongsToTheFirstGroupThatMatches) {
  EXPECT_THAT(groups(true, {{.parameters = {"head.*", "embed*"}, .lr = 0.01}, {.parameters = {"*.weight"}, .lr = 0.2}}),
              ElementsAre("0.1 / 0.5", "2 / 0.5", "1 / 0.5", "0.1 / 0.5"));
}

TEST_F(Parameters, APatternThatMatchesNothingIsNamedWithWhatThereIs) {
  const auto message = mistake_of([&] { groups(true, {{.parameters = {"head.wieght"}}}); });
  EXPECT_THAT(message, HasSubstr("`head.wieght` matches no parameter that is trained (did you mean `head.weight`?)"));
  EXPECT_THAT(message, HasSubstr("embedding.weight, h.0.weight"));
}

TEST_F(Parameters, FrozenOnesAreNotTrained) {
  freeze(*model_, {"h.*", "embedding.weight"});
  EXPECT_EQ(model_->trainable_elements(), 4u);
  EXPECT_THAT(groups(true, {}), ElementsAre("1 / 0.5"));
  EXPECT_THAT(mistake_of([&] { freeze(*model_, {"h.*"}); }), HasSubstr("[train] freeze: `h.*` matches no parameter"));
  EXPECT_THAT(mistake_of([&] { freeze(*model_, {"*"}); }), HasSubstr("freeze leaves no parameter to train"));
}

TEST_F(Parameters, OfFp16AreNamedWhereTheLossIsScaled) {
  TensorModel::parameters.emplace_back("frozen", at::zeros({1}).to(at::kHalf));
  const auto check = [] { require_no_fp16(Model(TensorModel::plugin(), OptionTable{}, {}, cpu)); };
  EXPECT_EQ(mistake_of(check), "");
  TensorModel::parameters.emplace_back("narrow", at::zeros({1}).to(at::kHalf).requires_grad_(true));
  EXPECT_THAT(mistake_of(check), HasSubstr("the parameter `narrow` is fp16"));
}

TEST(WeightAverage, RampsUpToItsDecayAndStandsInWhileApplied) {
  auto weight = at::tensor({1.0f}).requires_grad_(true);
  WeightAverage average({weight}, 0.5);
  double expected = 1;
  for (int n = 1; n <= 20; ++n) {
    {
      const at::NoGradGuard no_grad;
      weight.fill_(n);
    }
    average.update();
    const double decay = std::min(0.5, (1.0 + n) / (10.0 + n));
    expected = decay * expected + (1 - decay) * n;
  }
  {
    const WeightAverage::Applied applied(average);
    EXPECT_NEAR(weight.item<float>(), expected, 1e-4);
  }
  EXPECT_EQ(weight.item<float>(), 20);
  EXPECT_TRUE(weight.requires_grad());
}

TEST(WeightAverage, IsNothingWithoutADecay) {
  auto weight = at::tensor({1.0f});
  WeightAverage average({weight}, 0);
  average.update();
  const WeightAverage::Applied applied(average);
  EXPECT_FALSE(average.enabled());
  EXPECT_EQ(weight.item<float>(), 1);
}

}  // namespace
}  // namespace binade::host
