// Optimizers against their formulas, worked out in double.
#include "host/engine/optimizers.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::adamw;
using testing::sgd;

TEST(AdamW, FollowsTheFormulaOverSeveralSteps) {
  auto parameter = at::tensor({1.0f});
  const auto optimizer = make_optimizer(adamw(0.1, 0.9, 0.99).table(), {parameter});
  double p = 1.0, m = 0, v = 0;
  for (int step = 1; step <= 5; ++step) {
    const double g = 0.3 * step - 0.7, lr = 0.01 * step;
    optimizer->step({at::tensor({static_cast<float>(g)})}, lr);
    p *= 1 - lr * 0.1;
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    p -= lr * (m / (1 - std::pow(0.9, step))) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-8);
    EXPECT_NEAR(parameter.item<float>(), p, 1e-6) << "step " << step;
  }
}

TEST(Sgd, FollowsTheFormulaWithMomentumWeightDecayAndNesterov) {
  for (const bool nesterov : {false, true}) {
    auto parameter = at::tensor({1.0f});
    const auto optimizer = make_optimizer(sgd(0.9, 0.01, nesterov).table(), {parameter});
    double p = 1.0, buffer = 0;
    for (int step = 1; step <= 4; ++step) {
      optimizer->step({at::tensor({0.5f * static_cast<float>(step)})}, 0.1);
      const double g = 0.5 * step + 0.01 * p;
      buffer = step == 1 ? g : 0.9 * buffer + g;
      p -= 0.1 * (nesterov ? g + 0.9 * buffer : buffer);
      EXPECT_NEAR(parameter.item<float>(), p, 1e-6) << "step " << step << " nesterov " << nesterov;
    }
  }
}

TEST(Sgd, WithoutMomentumIsPlainDescent) {
  auto parameter = at::tensor({1.0f});
  make_optimizer(sgd().table(), {parameter})->step({at::tensor({2.0f})}, 0.25);
  EXPECT_EQ(parameter.item<float>(), 0.5f);
}

TEST(Optimizers, LeaveParametersWithoutGradientAlone) {
  for (const auto& options : {adamw(0.1), sgd(0.9, 0.1)}) {
    auto with = at::tensor({1.0f}), without = at::tensor({1.0f});
    const auto optimizer = make_optimizer(options.table(), {without, with});
    optimizer->step({at::Tensor(), at::tensor({1.0f})}, 0.1);
    EXPECT_EQ(without.item<float>(), 1.0f);
    EXPECT_NE(with.item<float>(), 1.0f);
  }
}

TEST(Sgd, StartsMomentumAtAParametersOwnFirstGradient) {
  auto late = at::tensor({1.0f}), always = at::tensor({1.0f});
  const auto optimizer = make_optimizer(sgd(0.5).table(), {late, always});
  optimizer->step({at::Tensor(), at::tensor({1.0f})}, 0.1);
  optimizer->step({at::tensor({1.0f}), at::tensor({1.0f})}, 0.1);
  EXPECT_FLOAT_EQ(late.item<float>(), 0.9f);
  EXPECT_FLOAT_EQ(always.item<float>(), 1.0f - 0.1f - 0.15f);
}

}  // namespace
}  // namespace binade::host
