#include "host/engine/optimizers.h"

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

#include "host/engine/snapshot.h"

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

double beta(const OptionTable& options, std::size_t number) {
  return std::get<double>(options.find("betas")->values.at(number));
}

class Adam : public Optimizer {
 public:
  Adam(const OptionTable& options, ParameterGroups groups, bool decoupled_decay)
      : Optimizer(std::move(groups)),
        decoupled_decay_(decoupled_decay),
        beta1_(beta(options, 0)),
        beta2_(beta(options, 1)),
        eps_(options.number("eps")) {
    state(0) = zeros_like_each(parameters());  // exp_avg
    state(1) = zeros_like_each(parameters());  // exp_avg_sq
    state(2) = step_counts(parameters());
  }

 private:
  void update(Active& active, double lr, double weight_decay) override {
    auto& [exp_avg, exp_avg_sq, steps] = active.state;
    at::_foreach_add_(steps, 1);
    const auto kernel = decoupled_decay_ ? fused_adamw : fused_adam;
    kernel(active.parameters, active.gradients, exp_avg, exp_avg_sq, {}, steps, lr, beta1_, beta2_, weight_decay, eps_,
           /*amsgrad=*/false, /*maximize=*/false, {}, {});
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
  Sgd(const OptionTable& options, ParameterGroups groups)
      : Optimizer(std::move(groups)), momentum_(options.number("momentum")), nesterov_(options.boolean("nesterov")) {
    if (momentum_ != 0) state(0) = zeros_like_each(parameters());
  }

 private:
  // torch.optim.SGD starts a buffer as the first gradient; without dampening one that starts at 0 becomes the same.
  void update(Active& active, double lr, double weight_decay) override {
    at::_fused_sgd_(active.parameters, active.gradients, active.state[0], weight_decay, momentum_, lr,
                    /*dampening=*/0, nesterov_, /*maximize=*/false, /*is_first_step=*/false);
  }

  double momentum_;
  bool nesterov_;
};

class Adagrad : public Optimizer {
 public:
  Adagrad(const OptionTable& options, ParameterGroups groups)
      : Optimizer(std::move(groups)), lr_decay_(options.number("lr_decay")), eps_(options.number("eps")) {
    for (const auto& parameter : parameters()) {
      state(0).push_back(at::full_like(parameter, options.number("initial_accumulator")));
    }
    state(1) = step_counts(parameters());
  }

 private:
  void update(Active& active, double lr, double weight_decay) override {
    at::_foreach_add_(active.state[1], 1);
    at::_fused_adagrad_(active.parameters, active.gradients, active.state[0], active.state[1], lr, lr_decay_,
                        weight_decay, eps_, /*maximize=*/false);
  }

  double lr_decay_, eps_;
};

// LibTorch has no fused kernel for it.
class RmsProp : public Optimizer {
 public:
  RmsProp(const OptionTable& options, ParameterGroups groups)
      : Optimizer(std::move(groups)),
        alpha_(options.number("alpha")),
        eps_(options.number("eps")),
        momentum_(options.number("momentum")) {
    state(0) = zeros_like_each(parameters());  // square_avg
    if (momentum_ != 0) state(1) = zeros_like_each(parameters());
  }

 private:
  void update(Active& active, double lr, double weight_decay) override {
    auto& [parameters, gradients, state] = active;
    auto& [square_avg, momentum_buffer, unused] = state;
    if (weight_decay != 0) at::_foreach_add_(gradients, parameters, weight_decay);
    at::_foreach_mul_(square_avg, alpha_);
    at::_foreach_addcmul_(square_avg, gradients, gradients, 1 - alpha_);
    const auto root = at::_foreach_sqrt(square_avg);
    at::_foreach_add_(root, eps_);
    if (momentum_ == 0) return at::_foreach_addcdiv_(parameters, gradients, root, -lr);
    at::_foreach_mul_(momentum_buffer, momentum_);
    at::_foreach_addcdiv_(momentum_buffer, gradients, root, 1);
    at::_foreach_add_(parameters, momentum_buffer, -lr);
  }

  double alpha_, eps_, momentum_;
};

}  // namespace

Optimizer::Optimizer(ParameterGroups parameters) : parameters_(std::move(parameters)) {}

void Optimizer::step(const std::vector<at::Tensor>& gradients, double lr) {
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
    if (!active_.parameters.empty()) update(active_, lr * group.lr_ratio, group.weight_decay);
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

std::unique_ptr<Optimizer> make_optimizer(const OptionTable& optimizer, ParameterGroups parameters) {
  const auto& name = optimizer.string("name");
  if (name == "adamw") return std::make_unique<Adam>(optimizer, std::move(parameters), /*decoupled_decay=*/true);
  if (name == "adam") return std::make_unique<Adam>(optimizer, std::move(parameters), /*decoupled_decay=*/false);
  if (name == "sgd") return std::make_unique<Sgd>(optimizer, std::move(parameters));
  if (name == "adagrad") return std::make_unique<Adagrad>(optimizer, std::move(parameters));
  if (name == "rmsprop") return std::make_unique<RmsProp>(optimizer, std::move(parameters));
  throw std::logic_error("optimizer `" + name + "` passed the check of the experiment but is not known here");
}

}  // namespace binade::host
