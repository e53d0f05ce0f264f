// Defines how an epoch, one pass over the training split, is divided into batches and steps.
#pragma once

#include <cstdint>

namespace binade::host {

// A position between two batches: after `batch` of the `batches` of epoch `epoch` (counted from 0). batch < batches:
// the position after an epoch's last batch is the start of the next epoch.
struct EpochPosition {
  std::uint64_t epoch = 0, batch = 0, batches = 1;

  bool at_start() const { return batch == 0; }

  // Number of batches of the step that begins here: `accumulate`, or fewer at the end of the epoch. A step never
  // extends into the next epoch.
  std::uint64_t batches_of_step(std::uint64_t accumulate) const;

  // The position after the next `count` batches, which must be in this epoch.
  EpochPosition behind(std::uint64_t count) const;

  // Number of steps from here to the end of the first `epochs` epochs; 0 if that is already past.
  std::uint64_t steps_until(std::uint64_t epochs, std::uint64_t accumulate) const;

  // The corresponding position in an epoch with another number of batches.
  EpochPosition divided_into(std::uint64_t other_batches) const;

  bool operator==(const EpochPosition&) const = default;
};

}  // namespace binade::host
