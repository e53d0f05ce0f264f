// A model as `binade plugins validate` sees it: built by the engine, looked at without LibTorch's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/data/batch.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct ProbedTensor {
  std::string name, type;  // "weight", "Float"
  std::vector<std::int64_t> shape;
  std::string bytes;            // in the order of the shape, whatever the strides
  bool floating = false;        // its type
  bool finite = true;           // all of its elements
  bool differentiable = false;  // requires grad
};

// On the CPU, with one thread. [main] One call at a time. Where the plugin fails, PluginError is thrown.
class ProbedModel {
 public:
  ProbedModel() = default;
  virtual ~ProbedModel() = default;
  ProbedModel(const ProbedModel&) = delete;
  ProbedModel& operator=(const ProbedModel&) = delete;

  // Parameters, then buffers; a tensor with two names comes under the first.
  virtual std::vector<ProbedTensor> state() const = 0;
  // Of all of them, further names of tensors included.
  virtual std::vector<std::string> names() const = 0;
  // Copies parameters and buffers of a model that the same plugin built with the same options.
  virtual void take_state(const ProbedModel& other) = 0;
  virtual void train(bool on) = 0;
  // Draws what the model draws from `seed`. Throws std::runtime_error when it gave no tensor.
  virtual ProbedTensor forward(const HostBatch& batch, std::uint64_t seed) = 0;
  // Calls the model's own loss(), where it has one. A batch without the fields that it wants makes it fail.
  virtual void loss(const HostBatch& batch, std::uint64_t seed) = 0;
  // The gradients of the mean square of what forward() gave last; those that are missing are left out.
  virtual std::vector<ProbedTensor> backward() = 0;
};

// As Engine::build() says; the engine's own.
std::unique_ptr<ProbedModel> build_probed_model(const Plugin& plugin, const OptionTable& options,
                                                const std::vector<std::string>& inputs, std::uint64_t seed);

}  // namespace binade::host
