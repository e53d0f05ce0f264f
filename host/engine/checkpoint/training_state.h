// Everything of a training run but the loop's own state, into a snapshot and back.
#pragma once

#include <vector>

#include "host/engine/loop/train_step.h"

namespace binade::host {

class Snapshot;

// Weights and buffers, optimizer, scaler, what the precision policy remembers, schedule, average, random generators,
// and the scale of a standardized target, which load_training() leaves to its caller: a task is whole before it is
// used.
void save_training(const Training& training, Snapshot& snapshot);
// Into a training run of the same model and optimizer. What a changed precision or average has no state for begins
// anew. Throws std::runtime_error that names what does not fit, and PluginError.
void load_training(const Training& training, const Snapshot& snapshot);

// The random generators, of the CPU and of every GPU, as they were when it was made.
class RandomState {
 public:
  explicit RandomState(c10::Device device);
  void restore() const;

 private:
  std::vector<std::pair<at::Generator, at::Tensor>> generators_;
};

}  // namespace binade::host
