// A model as `binade plugins validate` sees it: built by the engine, inspected without LibTorch headers.
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
  std::string bytes;            // C-contiguous, regardless of the tensor's strides
  bool floating = false;        // true for floating-point types
  bool finite = true;           // true if all elements are finite
  bool differentiable = false;  // requires grad
};

// Runs on the CPU with one thread. [main] One call at a time. Throws PluginError if the plugin fails.
class ProbedModel {
 public:
  ProbedModel() = default;
  virtual ~ProbedModel() = default;
  ProbedModel(const ProbedModel&) = delete;
  ProbedModel& operator=(const ProbedModel&) = delete;

  // Parameters, then buffers. A tensor with two names is listed under the first.
  virtual std::vector<ProbedTensor> state() const = 0;
  // The names of all parameters and buffers, including further names of the same tensor.
  virtual std::vector<std::string> names() const = 0;
  // Copies parameters and buffers from a model that the same plugin built with the same options.
  virtual void take_state(const ProbedModel& other) = 0;
  virtual void train(bool on) = 0;
  // `seed` seeds the model's random numbers. Throws std::runtime_error if forward() did not return a tensor.
  virtual ProbedTensor forward(const HostBatch& batch, std::uint64_t seed) = 0;
  // Calls the model's own loss(), if it has one. Fails if the batch lacks a field that it uses.
  virtual void loss(const HostBatch& batch, std::uint64_t seed) = 0;
  // The gradients of the mean square of the last forward() output. Omits parameters without a gradient.
  virtual std::vector<ProbedTensor> backward() = 0;
};

// Implements Engine::build(); defined in the engine.
std::unique_ptr<ProbedModel> build_probed_model(const Plugin& plugin, const OptionTable& options,
                                                const std::vector<std::string>& inputs, std::uint64_t seed);

}  // namespace binade::host
