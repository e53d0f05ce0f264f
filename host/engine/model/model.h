// A model plugin as the engine uses it. Every call into it returns a value or throws PluginError.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "binade/abi/model.h"
#include "host/engine/model/batch_tensors.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

// The result of a model's own loss(): the loss, and named tensors of one element.
struct ModelLoss {
  at::Tensor value;
  std::vector<NamedTensor> scalars;
};

class Model {
 public:
  // Builds the module on `device`. `inputs`: the fields that forward() gets, in order.
  Model(const Plugin& plugin, const OptionTable& options, std::vector<std::string> inputs, c10::Device device);
  ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  at::Tensor forward(const BatchTensors& batch);
  bool has_loss() const { return table_.loss != nullptr; }
  ModelLoss loss(const BatchTensors& batch);
  // Calls loss.backward(), counted and reported as a call of the plugin, since the model's graph runs.
  void backward(const at::Tensor& loss);
  void train(bool on);

  // Each tensor once, under its first name: a tied weight is listed twice by C++'s named_parameters().
  const std::vector<NamedTensor>& parameters() const { return parameters_; }
  const std::vector<NamedTensor>& buffers() const { return buffers_; }
  // The other names of those tensors: name, first name.
  const std::vector<std::pair<std::string, std::string>>& aliases() const { return aliases_; }
  std::uint64_t trainable_elements() const;
  std::int64_t embedding_rows() const;  // of its first embedding; 0 without one

 private:
  Plugin plugin_;  // before self_: its code outlives the object
  binade_model_table table_;
  std::shared_ptr<void> self_;  // calls destroy(), also for an object that the plugin represents by NULL
  std::vector<std::string> inputs_;
  std::vector<const void*> arguments_;
  std::vector<NamedTensor> parameters_, buffers_;
  std::vector<std::pair<std::string, std::string>> aliases_;
};

}  // namespace binade::host
