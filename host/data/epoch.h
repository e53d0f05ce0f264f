// An epoch is one pass through the training split. How it is divided into batches and steps is said here alone.
#pragma once

#include <cstdint>

namespace binade::host {

// A place between two batches: `batch` of the `batches` that epoch number `epoch` has, from 0, are behind it. Never all
// of them: the place behind an epoch's last batch is the start of the next epoch.
struct EpochPosition {
  std::uint64_t epoch = 0, batch = 0, batches = 1;

  bool at_start() const { return batch == 0; }

  // How many batches the step that begins here takes: `accumulate`, or what the epoch has left. No step reaches into
  // the next epoch.
  std::uint64_t batches_of_step(std::uint64_t accumulate) const;

  // Behind the next `count` batches, which this epoch must have.
  EpochPosition behind(std::uint64_t count) const;

  // How many steps lead from here to the end of the first `epochs` epochs; 0 when that is behind.
  std::uint64_t steps_until(std::uint64_t epochs, std::uint64_t accumulate) const;

  // As far into an epoch that has another number of batches.
  EpochPosition divided_into(std::uint64_t other_batches) const;

  bool operator==(const EpochPosition&) const = default;
};

}  // namespace binade::host
