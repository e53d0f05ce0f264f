// Optimizers, over LibTorch's fused kernels: one pass over parameters, gradients and state.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "host/experiment/option.h"

namespace binade::host {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Updates parameters[i] from gradients[i] for every i with a defined gradient; the others and their state stay.
  virtual void step(const std::vector<at::Tensor>& gradients, double lr) = 0;
};

// The optimizer that the experiment's [optimizer] names: "adamw" (arXiv:1711.05101) or "sgd" (with momentum and
// Nesterov's variant as in torch.optim.SGD). `parameters`: floating-point leaves, each once.
std::unique_ptr<Optimizer> make_optimizer(const OptionTable& optimizer, std::vector<at::Tensor> parameters);

}  // namespace binade::host
