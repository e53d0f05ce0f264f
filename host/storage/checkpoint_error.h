// What a checkpoint that cannot be gone on from is reported as.
#pragma once

#include <stdexcept>

namespace binade::host {

// It is of another model, dataset or optimizer, or its state is none. what() names the checkpoint, says what does not
// fit, and what to do.
class CheckpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace binade::host
