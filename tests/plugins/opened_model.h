// A model plugin, opened as the host does, except that its build block is not checked: the build uses the same LibTorch
// for both.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "binade/abi/model.h"
#include "tests/plugins/opened_plugin.h"

namespace binade::host {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

class OpenedModel {
 public:
  // Seeds LibTorch's generator, so that equal models start with equal weights.
  OpenedModel(const std::filesystem::path& name, const GivenOptions& given);
  ~OpenedModel();
  OpenedModel(const OpenedModel&) = delete;
  OpenedModel& operator=(const OpenedModel&) = delete;

  at::Tensor forward(const std::vector<at::Tensor>& inputs);
  bool has_loss() const { return table_.loss != nullptr; }
  // The model's own loss: "" is its value, then its scalars.
  NamedTensors loss(const std::map<std::string, at::Tensor>& batch);

  NamedTensors parameters() const;
  NamedTensors buffers() const;
  at::Tensor parameter(const std::string& name) const;
  std::int64_t parameter_count() const;
  void train(bool on);

  // Performs one step of gradient descent for `loss`.
  void descend(const at::Tensor& loss, double lr);

 private:
  OpenedPlugin plugin_;
  binade_model_table table_;
  void* self_ = nullptr;
};

// Mean loss of predicting each token from those before it; logits [N, T, V], tokens [N, T].
at::Tensor next_token_loss(const at::Tensor& logits, const at::Tensor& tokens);

}  // namespace binade::host
