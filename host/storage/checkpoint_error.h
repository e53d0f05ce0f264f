// The error type for checkpoints that cannot be resumed.
#pragma once

#include <stdexcept>

namespace binade::host {

// Thrown if a checkpoint cannot be resumed: it belongs to another model, dataset or optimizer, or its state is invalid.
// what() names the checkpoint, the mismatch and what to do.
class CheckpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace binade::host
