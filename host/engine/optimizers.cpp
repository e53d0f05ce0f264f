#include "host/engine/optimizers.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <stdexcept>

namespace binade::host {
namespace {

class AdamW : public Optimizer {
 public:
  AdamW(const OptionTable& options, std::vector<at::Tensor> parameters)
      : parameters_(std::move(parameters)), weight_decay_(options.number("weight_decay")), eps_(options.number("eps")) {
    const auto& betas = options.find("betas")->values;
    beta1_ = std::get<double>(betas.at(0));
    beta2_ = std::get<double>(betas.at(1));
    for (const auto& parameter : parameters_) {
      exp_avgs_.push_back(at::zeros_like(parameter));
      exp_avg_sqs_.push_back(at::zeros_like(parameter));
      steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat)));
    }
  }

  void step(const std::vector<at::Tensor>& gradients, double lr) override {
    const at::NoGradGuard no_grad;
    active_.clear();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!gradients[i].defined()) continue;
      steps_[i].add_(1);
      active_.parameters.push_back(parameters_[i]);
      active_.gradients.push_back(gradients[i]);
      active_.exp_avgs.push_back(exp_avgs_[i]);
      active_.exp_avg_sqs.push_back(exp_avg_sqs_[i]);
      active_.steps.push_back(steps_[i]);
    }
    at::_fused_adamw_(active_.parameters, active_.gradients, active_.exp_avgs, active_.exp_avg_sqs, {}, active_.steps,
                      lr, beta1_, beta2_, weight_decay_, eps_, /*amsgrad=*/false, /*maximize=*/false);
  }

 private:
  // The parameters that have a gradient, as the kernel wants them; kept so that no step allocates.
  struct Active {
    std::vector<at::Tensor> parameters, gradients, exp_avgs, exp_avg_sqs, steps;
    void clear() {
      for (auto* list : {&parameters, &gradients, &exp_avgs, &exp_avg_sqs, &steps}) list->clear();
    }
  };
  std::vector<at::Tensor> parameters_, exp_avgs_, exp_avg_sqs_, steps_;
  Active active_;
  double beta1_ = 0, beta2_ = 0, weight_decay_, eps_;
};

class Sgd : public Optimizer {
 public:
  Sgd(const OptionTable& options, std::vector<at::Tensor> parameters)
      : parameters_(std::move(parameters)),
        stepped_(parameters_.size(), false),
        weight_decay_(options.number("weight_decay")),
        momentum_(options.number("momentum")),
        nesterov_(options.boolean("nesterov")) {
    for (const auto& parameter : parameters_) buffers_.push_back(at::zeros_like(parameter));
  }

  void step(const std::vector<at::Tensor>& gradients, double lr) override {
    const at::NoGradGuard no_grad;
    // A momentum buffer begins as the first gradient itself, so parameters that get their first one now go apart.
    for (const bool first : {true, false}) {
      active_parameters_.clear();
      active_gradients_.clear();
      active_buffers_.clear();
      for (std::size_t i = 0; i < parameters_.size(); ++i) {
        if (!gradients[i].defined() || stepped_[i] == first) continue;
        active_parameters_.push_back(parameters_[i]);
        active_gradients_.push_back(gradients[i]);
        if (momentum_ != 0) active_buffers_.push_back(buffers_[i]);
      }
      if (active_parameters_.empty()) continue;
      at::_fused_sgd_(active_parameters_, active_gradients_, active_buffers_, weight_decay_, momentum_, lr,
                      /*dampening=*/0, nesterov_, /*maximize=*/false, first);
      if (!first) break;
    }
    for (std::size_t i = 0; i < parameters_.size(); ++i) stepped_[i] = stepped_[i] || gradients[i].defined();
  }

 private:
  std::vector<at::Tensor> parameters_, buffers_;
  std::vector<bool> stepped_;
  std::vector<at::Tensor> active_parameters_, active_gradients_, active_buffers_;
  double weight_decay_, momentum_;
  bool nesterov_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const OptionTable& optimizer, std::vector<at::Tensor> parameters) {
  const auto& name = optimizer.string("name");
  if (name == "adamw") return std::make_unique<AdamW>(optimizer, std::move(parameters));
  if (name == "sgd") return std::make_unique<Sgd>(optimizer, std::move(parameters));
  throw std::logic_error("optimizer `" + name + "` passed the check of the experiment but is not known here");
}

}  // namespace binade::host
