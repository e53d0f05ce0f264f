// Optimizers, with LibTorch's fused kernels where they exist: one pass over parameters, gradients and state.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/optim/parameters.h"
#include "host/experiment/settings.h"

namespace binade::host {

class Snapshot;

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Updates parameters[i] from gradients[i] for every i with a defined gradient; the others and their state do not
  // change. `lr`: the schedule's; each group takes its ratio of it. `momentum`: the schedule's, where it cycles that,
  // instead of the optimizer's own momentum or first beta.
  void step(const std::vector<at::Tensor>& gradients, double lr, std::optional<double> momentum = {});

  // Its tensors, by the names of the parameters, as "optimizer.<name>.<k>".
  void save(const std::vector<std::string>& names, Snapshot& snapshot) const;
  void load(const std::vector<std::string>& names, const Snapshot& snapshot);

 protected:
  static constexpr std::size_t max_state = 3;

  // The parameters of a group that have a gradient, as kernels expect them. `state[k]`: the k-th tensor that the
  // optimizer keeps for each.
  struct Active {
    std::vector<at::Tensor> parameters, gradients;
    std::array<std::vector<at::Tensor>, max_state> state;
  };

  explicit Optimizer(ParameterGroups parameters);
  const std::vector<at::Tensor>& parameters() const { return parameters_.parameters; }
  std::vector<at::Tensor>& state(std::size_t number) { return state_[number]; }

  // What changes from step to step or from group to group.
  struct Rates {
    double lr, weight_decay;
    std::optional<double> momentum;
  };

  // One group's update, in place and without gradient mode. May overwrite the gradients and modify the lists.
  virtual void update(Active& active, const Rates& rates) = 0;

 private:
  ParameterGroups parameters_;
  std::array<std::vector<at::Tensor>, max_state> state_;  // [k][parameter]; empty where the optimizer keeps less
  Active active_;                                         // kept so that no step allocates
};

// The optimizer that the experiment's [optimizer] names, as torch.optim's of that name: "adamw" (arXiv:1711.05101),
// "adam" (arXiv:1412.6980), "sgd", "adagrad" (Duchi et al. 2011), "rmsprop". `cycles_momentum`: step() will be given a
// momentum, also where the settings say 0.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerSettings& settings, ParameterGroups parameters,
                                          bool cycles_momentum = false);

}  // namespace binade::host
