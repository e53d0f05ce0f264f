// The state of a training run, except for the loop's own, to and from a snapshot.
#pragma once

#include <vector>

#include "host/engine/loop/training.h"

namespace binade::host {

class Snapshot;

// Saves weights and buffers, optimizer, scaler, the precision policy's state, schedule, average, random generators, and
// the scale of a standardized target.
void save_training(const Training& training, Snapshot& snapshot);
// Loads all of that into a training run of the same model and optimizer, except for the target's scale, which a task
// needs before it is used. Where precision or average have changed, what has no saved state starts afresh. Throws
// std::runtime_error that names what does not fit, and PluginError.
void load_training(Training& training, const Snapshot& snapshot);

// The state of the random generators, of the CPU and of every GPU, at construction.
class RandomState {
 public:
  explicit RandomState(c10::Device device);
  void restore() const;

 private:
  std::vector<std::pair<at::Generator, at::Tensor>> generators_;
};

}  // namespace binade::host
