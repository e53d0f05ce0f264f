#include "host/engine/optim/optimizers.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adagrad.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <stdexcept>
#include <utility>

#include "host/engine/checkpoint/snapshot.h"

namespace binade::host {
namespace {

std::vector<at::Tensor> zeros_like_each(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> zeros;
  zeros.reserve(parameters.size());
  for (const auto& parameter : parameters) zeros.push_back(at::zeros_like(parameter));
  return zeros;
}

// The number of updates of each parameter, where the kernels look for it.
std::vector<at::Tensor> step_counts(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> counts;
  counts.reserve(parameters.size());
  for (const auto& parameter : parameters) counts.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
  return counts;
}

class Adam : public Optimizer {
 public:
  Adam(const OptimizerSettings& settings, ParameterGroups groups, bool decoupled_decay)
      : Optimizer(std::move(groups)),
        decoupled_decay_(decoupled_decay),
        beta1_(settings.betas[0]),
        beta2_(settings.betas[1]),
        eps_(settings.eps) {
    state(0) = zeros_like_each(parameters());  // exp_avg
    state(1) = zeros_like_each(parameters());  // exp_avg_sq
    state(2) = step_counts(parameters());
  }

 private:
  void update(Active& active, const Rates& rates) override {
    auto& [exp_avg, exp_avg_sq, steps] = active.state;
    at::_foreach_add_(steps, 1);
    const auto kernel = decoupled_decay_ ? fused_adamw : fused_adam;
    kernel(active.parameters, active.gradients, exp_avg, exp_avg_sq, {}, steps, rates.lr,
           rates.momentum.value_or(beta1_), beta2_, rates.weight_decay, eps_, /*amsgrad=*/false, /*maximize=*/false, {},
           {});
  }

  using Kernel = void(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                      double, double, double, double, double, bool, bool, const std::optional<at::Tensor>&,
                      const std::optional<at::Tensor>&);
  static constexpr Kernel* fused_adamw = at::_fused_adamw_;
  static constexpr Kernel* fused_adam = at::_fused_adam_;

  bool decoupled_decay_;
  double beta1_, beta2_, eps_;
};

class Sgd : public Optimizer {
 public:
  Sgd(const OptimizerSettings& settings, ParameterGroups groups, bool cycles_momentum)
      : Optimizer(std::move(groups)),
        momentum_(settings.momentum),
        dampening_(settings.dampening),
        nesterov_(settings.nesterov) {
    if (momentum_ == 0 && !cycles_momentum) return;
    state(0) = zeros_like_each(parameters());
    if (dampening_ == 0) return;
    for (std::size_t i = 0; i < parameters().size(); ++i) state(1).push_back(at::zeros({}, at::kFloat));
  }

 private:
  // torch.optim.SGD starts a parameter's buffer as its first gradient. Without dampening one that starts at 0 becomes
  // the same; with it, state(1), in the host's memory, is 1 where there was a first gradient.
  void update(Active& active, const Rates& rates) override {
    const double momentum = rates.momentum.value_or(momentum_);
    if (dampening_ != 0 && momentum != 0) {
      take_first(active);
      if (!first_.parameters.empty()) step(first_, rates, momentum, /*is_first_step=*/true);
      if (active.parameters.empty()) return;
    }
    step(active, rates, momentum, /*is_first_step=*/false);
  }

  void step(Active& active, const Rates& rates, double momentum, bool is_first_step) const {
    at::_fused_sgd_(active.parameters, active.gradients, active.state[0], rates.weight_decay, momentum, rates.lr,
                    dampening_, nesterov_, /*maximize=*/false, is_first_step);
  }

  // Moves what has its first gradient from `active` to `first_`.
  void take_first(Active& active) {
    const auto move = [](std::vector<at::Tensor>& from, std::size_t i, std::vector<at::Tensor>& to) {
      to.push_back(std::move(from[i]));
      from.erase(from.begin() + static_cast<std::ptrdiff_t>(i));
    };
    first_ = {};
    for (std::size_t i = active.parameters.size(); i-- > 0;) {
      if (std::exchange(*active.state[1][i].mutable_data_ptr<float>(), 1.0f) != 0) continue;
      move(active.parameters, i, first_.parameters);
      move(active.gradients, i, first_.gradients);
      for (const std::size_t k : {0, 1}) move(active.state[k], i, first_.state[k]);
    }
  }

  double momentum_, dampening_;
  bool nesterov_;
  Active first_;
};

class Adagrad : public Optimizer {
 public:
  Adagrad(const OptimizerSettings& settings, ParameterGroups groups)
      : Optimizer(std::move(groups)), lr_decay_(settings.lr_decay), eps_(settings.eps) {
    for (const auto& parameter : parameters()) {
      state(0).push_back(at::full_like(parameter, settings.initial_accumulator));
    }
    state(1) = step_counts(parameters());
  }

 private:
  void update(Active& active, const Rates& rates) override {
    at::_foreach_add_(active.state[1], 1);
    at::_fused_adagrad_(active.parameters, active.gradients, active.state[0], active.state[1], rates.lr, lr_decay_,
                        rates.weight_decay, eps_, /*maximize=*/false);
  }

  double lr_decay_, eps_;
};

// LibTorch has no fused kernel for it.
class RmsProp : public Optimizer {
 public:
  RmsProp(const OptimizerSettings& settings, ParameterGroups groups, bool cycles_momentum)
      : Optimizer(std::move(groups)), alpha_(settings.alpha), eps_(settings.eps), momentum_(settings.momentum) {
    state(0) = zeros_like_each(parameters());  // square_avg
    if (momentum_ != 0 || cycles_momentum) state(1) = zeros_like_each(parameters());
  }

 private:
  void update(Active& active, const Rates& rates) override {
    const double momentum = rates.momentum.value_or(momentum_);
    auto& [parameters, gradients, state] = active;
    auto& [square_avg, momentum_buffer, unused] = state;
    if (rates.weight_decay != 0) at::_foreach_add_(gradients, parameters, rates.weight_decay);
    at::_foreach_mul_(square_avg, alpha_);
    at::_foreach_addcmul_(square_avg, gradients, gradients, 1 - alpha_);
    const auto root = at::_foreach_sqrt(square_avg);
    at::_foreach_add_(root, eps_);
    if (momentum == 0) return at::_foreach_addcdiv_(parameters, gradients, root, -rates.lr);
    at::_foreach_mul_(momentum_buffer, momentum);
    at::_foreach_addcdiv_(momentum_buffer, gradients, root, 1);
    at::_foreach_add_(parameters, momentum_buffer, -rates.lr);
  }

  double alpha_, eps_, momentum_;
};

}  // namespace

Optimizer::Optimizer(ParameterGroups parameters) : parameters_(std::move(parameters)) {}

void Optimizer::step(const std::vector<at::Tensor>& gradients, double lr, std::optional<double> momentum) {
  const at::NoGradGuard no_grad;
  for (const auto& group : parameters_.groups) {
    active_.parameters.clear();
    active_.gradients.clear();
    for (auto& list : active_.state) list.clear();
    for (const auto i : group.members) {
      if (!gradients[i].defined()) continue;
      active_.parameters.push_back(parameters_.parameters[i]);
      active_.gradients.push_back(gradients[i]);
      for (std::size_t k = 0; k < max_state; ++k) {
        if (!state_[k].empty()) active_.state[k].push_back(state_[k][i]);
      }
    }
    if (!active_.parameters.empty()) update(active_, {lr * group.lr_ratio, group.weight_decay, momentum});
  }
}

namespace {

std::string state_name(const std::string& parameter, std::size_t number) {
  return "optimizer." + parameter + "." + std::to_string(number);
}

}  // namespace

void Optimizer::save(const std::vector<std::string>& names, Snapshot& snapshot) const {
  for (std::size_t k = 0; k < max_state; ++k) {
    for (std::size_t i = 0; i < state_[k].size(); ++i) snapshot.save(state_name(names.at(i), k), state_[k][i]);
  }
}

void Optimizer::load(const std::vector<std::string>& names, const Snapshot& snapshot) {
  for (std::size_t k = 0; k < max_state; ++k) {
    for (std::size_t i = 0; i < state_[k].size(); ++i) snapshot.load(state_name(names.at(i), k), state_[k][i]);
  }
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings, ParameterGroups parameters,
                                          bool cycles_momentum) {
  const auto& name = settings.name;
  if (name == "adamw") return std::make_unique<Adam>(settings, std::move(parameters), /*decoupled_decay=*/true);
  if (name == "adam") return std::make_unique<Adam>(settings, std::move(parameters), /*decoupled_decay=*/false);
  if (name == "sgd") return std::make_unique<Sgd>(settings, std::move(parameters), cycles_momentum);
  if (name == "adagrad") return std::make_unique<Adagrad>(settings, std::move(parameters));
  if (name == "rmsprop") return std::make_unique<RmsProp>(settings, std::move(parameters), cycles_momentum);
  throw std::logic_error("optimizer `" + name + "` passed the check of the experiment but is not known here");
}

}  // namespace binade::host
