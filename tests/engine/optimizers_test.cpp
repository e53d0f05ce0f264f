// Optimizers against their formulas, worked out in double, and against torch::optim's.
#include "host/engine/optim/optimizers.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include <cmath>

#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::adamw;
using testing::one_group;
using testing::sgd;

TEST(AdamW, FollowsTheFormulaOverSeveralSteps) {
  auto parameter = at::tensor({1.0f});
  const auto optimizer = make_optimizer(adamw(0.9, 0.99), one_group({parameter}, 0.1));
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
    const auto optimizer = make_optimizer(sgd(0.9, nesterov), one_group({parameter}, 0.01));
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
  make_optimizer(sgd(), one_group({parameter}, 0))->step({at::tensor({2.0f})}, 0.25);
  EXPECT_EQ(parameter.item<float>(), 0.5f);
}

TEST(Optimizers, LeaveParametersWithoutGradientAlone) {
  for (const auto& settings : {adamw(), sgd(0.9)}) {
    auto with = at::tensor({1.0f}), without = at::tensor({1.0f});
    const auto optimizer = make_optimizer(settings, one_group({without, with}, 0.1));
    optimizer->step({at::Tensor(), at::tensor({1.0f})}, 0.1);
    EXPECT_EQ(without.item<float>(), 1.0f);
    EXPECT_NE(with.item<float>(), 1.0f);
  }
}

TEST(Sgd, StartsMomentumAtAParametersOwnFirstGradient) {
  auto late = at::tensor({1.0f}), always = at::tensor({1.0f});
  const auto optimizer = make_optimizer(sgd(0.5), one_group({late, always}, 0));
  optimizer->step({at::Tensor(), at::tensor({1.0f})}, 0.1);
  optimizer->step({at::tensor({1.0f}), at::tensor({1.0f})}, 0.1);
  EXPECT_FLOAT_EQ(late.item<float>(), 0.9f);
  EXPECT_FLOAT_EQ(always.item<float>(), 1.0f - 0.1f - 0.15f);
}

// One row per optimizer: ours and torch::optim's, with the same constants.
struct Peer {
  std::string name;
  OptimizerSettings settings;
  std::function<std::unique_ptr<torch::optim::Optimizer>(std::vector<at::Tensor>, double lr, double decay)> make;
};

std::vector<Peer> peers() {
  std::vector<Peer> all;
  all.push_back({"adamw", adamw(0.8, 0.95, 1e-6), [](auto parameters, double lr, double decay) {
                   return std::make_unique<torch::optim::AdamW>(
                       parameters, torch::optim::AdamWOptions(lr).betas({0.8, 0.95}).eps(1e-6).weight_decay(decay));
                 }});
  all.push_back({"adam", adamw(0.8, 0.95, 1e-6), [](auto parameters, double lr, double decay) {
                   return std::make_unique<torch::optim::Adam>(
                       parameters, torch::optim::AdamOptions(lr).betas({0.8, 0.95}).eps(1e-6).weight_decay(decay));
                 }});
  all.back().settings.name = "adam";
  for (const bool nesterov : {false, true}) {
    all.push_back({"sgd", sgd(0.9, nesterov), [nesterov](auto parameters, double lr, double decay) {
                     return std::make_unique<torch::optim::SGD>(
                         parameters, torch::optim::SGDOptions(lr).momentum(0.9).nesterov(nesterov).weight_decay(decay));
                   }});
  }
  for (const double momentum : {0.0, 0.9}) {
    all.push_back({"sgd, dampened", sgd(momentum, false, 0.3), [momentum](auto parameters, double lr, double decay) {
                     return std::make_unique<torch::optim::SGD>(
                         parameters,
                         torch::optim::SGDOptions(lr).momentum(momentum).dampening(0.3).weight_decay(decay));
                   }});
  }
  const OptimizerSettings adagrad{.name = "adagrad", .eps = 1e-6, .lr_decay = 0.1, .initial_accumulator = 0.5};
  all.push_back(
      {"adagrad", adagrad, [](auto parameters, double lr, double decay) {
         return std::make_unique<torch::optim::Adagrad>(
             parameters,
             torch::optim::AdagradOptions(lr).lr_decay(0.1).initial_accumulator_value(0.5).eps(1e-6).weight_decay(
                 decay));
       }});
  for (const double momentum : {0.0, 0.7}) {
    const OptimizerSettings rmsprop{.name = "rmsprop", .eps = 1e-6, .momentum = momentum, .alpha = 0.9};
    all.push_back({"rmsprop", rmsprop, [momentum](auto parameters, double lr, double decay) {
                     return std::make_unique<torch::optim::RMSprop>(
                         parameters,
                         torch::optim::RMSpropOptions(lr).alpha(0.9).eps(1e-6).momentum(momentum).weight_decay(decay));
                   }});
  }
  return all;
}

TEST(Optimizers, MoveWeightsAsTorchOptimDoes) {
  constexpr double lr = 0.05;
  for (const double decay : {0.0, 0.1}) {
    for (const auto& peer : peers()) {
      SCOPED_TRACE(peer.name + ", weight decay " + std::to_string(decay));
      at::manual_seed(1);
      const auto ours = at::randn({7, 5}), other = at::randn({5});
      const auto theirs = ours.clone().requires_grad_(true), other_theirs = other.clone().requires_grad_(true);
      const auto optimizer = make_optimizer(peer.settings, one_group({ours, other}, decay));
      const auto reference = peer.make({theirs, other_theirs}, lr, decay);
      for (int step = 0; step < 6; ++step) {
        const auto gradient = at::randn({7, 5});
        // The second parameter has no gradient at first.
        const auto other_gradient = step == 0 ? at::Tensor() : at::randn({5});
        theirs.mutable_grad() = gradient.clone();
        other_theirs.mutable_grad() = other_gradient.defined() ? other_gradient.clone() : at::Tensor();
        reference->step();
        optimizer->step({gradient.clone(), other_gradient.defined() ? other_gradient.clone() : at::Tensor()}, lr);
        EXPECT_TRUE(at::allclose(ours, theirs, 1e-5, 1e-6)) << "step " << step << "\n" << ours - theirs;
        EXPECT_TRUE(at::allclose(other, other_theirs, 1e-5, 1e-6)) << "step " << step;
      }
    }
  }
}

// Sets a momentum as OneCycleLR does: the first beta where there are betas.
void set_momentum(torch::optim::Optimizer& optimizer, double momentum) {
  auto& options = optimizer.param_groups().front().options();
  if (auto* adamw = dynamic_cast<torch::optim::AdamWOptions*>(&options)) {
    adamw->betas({momentum, std::get<1>(adamw->betas())});
  } else if (auto* adam = dynamic_cast<torch::optim::AdamOptions*>(&options)) {
    adam->betas({momentum, std::get<1>(adam->betas())});
  } else if (auto* sgd = dynamic_cast<torch::optim::SGDOptions*>(&options)) {
    sgd->momentum(momentum);
  } else {
    dynamic_cast<torch::optim::RMSpropOptions&>(options).momentum(momentum);
  }
}

TEST(Optimizers, TakeAMomentumThatCyclesAsTorchOptimDoes) {
  constexpr double lr = 0.05, decay = 0.1;
  for (const auto& peer : peers()) {
    if (peer.name == "adagrad") continue;
    SCOPED_TRACE(peer.name);
    at::manual_seed(1);
    const auto ours = at::randn({7, 5}), theirs = ours.clone().requires_grad_(true);
    const auto optimizer = make_optimizer(peer.settings, one_group({ours}, decay), /*cycles_momentum=*/true);
    const auto reference = peer.make({theirs}, lr, decay);
    for (const double momentum : {0.95, 0.9, 0.85, 0.9, 0.95}) {
      const auto gradient = at::randn({7, 5});
      theirs.mutable_grad() = gradient.clone();
      set_momentum(*reference, momentum);
      reference->step();
      optimizer->step({gradient.clone()}, lr, momentum);
      EXPECT_TRUE(at::allclose(ours, theirs, 1e-5, 1e-6)) << "momentum " << momentum << "\n" << ours - theirs;
    }
  }
}

TEST(Optimizers, GroupsHaveTheirOwnRateAndDecay) {
  auto fast = at::tensor({1.0f}), decayed = at::tensor({1.0f});
  ParameterGroups groups{{fast, decayed}, {{2.0, 0.0, {0}}, {1.0, 0.5, {1}}}};
  const auto optimizer = make_optimizer(sgd(), std::move(groups));
  optimizer->step({at::tensor({1.0f}), at::tensor({1.0f})}, 0.1);
  EXPECT_FLOAT_EQ(fast.item<float>(), 1 - 0.2f);
  EXPECT_FLOAT_EQ(decayed.item<float>(), 1 - 0.1f * 1.5f);
}

}  // namespace
}  // namespace binade::host
