// All that a run needs to continue as if it had never stopped, as named tensors and small values.
//
// Each class of the engine that changes with the steps has a pair save(Snapshot&), load(const Snapshot&). A snapshot
// must be taken between two optimizer steps, where no micro-batch is half accumulated and no gradient is left.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/engine/model/model.h"
#include "host/storage/checkpoint.h"

namespace binade::host {

class Snapshot {
 public:
  Snapshot() = default;
  // The tensors are views of the checkpoint's memory, which must outlive this. Throws std::runtime_error for another
  // version.
  explicit Snapshot(const Checkpoint& checkpoint);

  nlohmann::json values = nlohmann::json::object();  // by class

  // Copies a tensor to the host's memory.
  void save_model(const Model& model);
  void save(const std::string& name, const at::Tensor& tensor) { keep(state_, name, tensor); }

  // Copies into a tensor of the same type and shape. Throws std::runtime_error that names it when it is missing or has
  // another type or shape.
  void load_model(const Model& model) const;
  void load(const std::string& name, const at::Tensor& into) const;
  // A tensor of any shape.
  const at::Tensor& tensor(const std::string& name) const;
  bool has(const std::string& name) const { return state_by_name_.count(name) != 0; }

  // For writing, with the current `values`. The snapshot must outlive it.
  CheckpointContent content(std::uint64_t step) const;

 private:
  using Tensors = std::vector<NamedTensor>;
  static void keep(Tensors& tensors, const std::string& name, const at::Tensor& tensor);

  Tensors model_, state_;
  std::map<std::string, const at::Tensor*> model_by_name_, state_by_name_;  // of a snapshot that was read
};

}  // namespace binade::host
