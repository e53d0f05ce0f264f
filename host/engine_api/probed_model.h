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

// Runs on the CPU, with one thread. [main] One call at a time. All calls throw PluginError where the plugin fails.
class ProbedModel {
 public:
  ProbedModel() = default;
  virtual ~ProbedModel() = default;
  ProbedModel(const ProbedModel&) = delete;
  ProbedModel& operator=(const ProbedModel&) = delete;

  // Parameters, then buffers; a tensor with two names is listed under the first.
  virtual std::vector<ProbedTensor> state() const = 0;
  // Of all tensors, including further names of the same tensor.
  virtual std::vector<std::string> names() const = 0;
  // Copies the parameters and buffers of a model that the same plugin built with the same options.
  virtual void take_state(const ProbedModel& other) = 0;
  virtual void train(bool on) = 0;
  // Seeds the generator with `seed` first. Throws std::runtime_error when the model returned no tensor.
  virtual ProbedTensor forward(const HostBatch& batch, std::uint64_t seed) = 0;
  // Calls the model's own loss(), where it has one. Fails for a batch without the fields that the model needs.
  virtual void loss(const HostBatch& batch, std::uint64_t seed) = 0;
  // The gradients of the mean square of the last output of forward(), without parameters that got none.
  virtual std::vector<ProbedTensor> backward() = 0;
};

// Implements Engine::build().
std::unique_ptr<ProbedModel> build_probed_model(const Plugin& plugin, const OptionTable& options,
                                                const std::vector<std::string>& inputs, std::uint64_t seed);

}  // namespace binade::host
