// The largest batch size that fits into memory, and the fastest one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "host/cli/command_line.h"
#include "host/cli/experiment_argument.h"

namespace binade::host {

struct BatchSizeSearch {
  ExperimentArgument experiment;
  std::filesystem::path runs = "runs";
  std::uint64_t steps = 8;  // of each trial
  double memory_bytes = 0;  // that a trial may use on the CPU; 0: nine tenths of what is available
  bool json = false;
};

struct BatchSizeTrial {
  std::uint64_t batch_size = 0;
  bool fits = false;
  double peak_bytes = 0;          // of the process; 0 if it was not tried
  double samples_per_second = 0;  // 0 if it does not fit
};

// Finds the largest size between 1 and `largest` for which `fits` is true, to within an eighth: doubles from `first`,
// or halves if `first` does not fit, then bisects. `fits` must be true for each size below one that fits. Returns 0 if
// nothing fits.
std::uint64_t largest_fitting(std::uint64_t first, std::uint64_t largest,
                              const std::function<bool(std::uint64_t)>& fits);

// A size beyond what two trials that fit predict: memory grows linearly with the batch size. Returns nullopt with fewer
// than two trials.
std::optional<double> predicted_bytes(const std::vector<BatchSizeTrial>& trials, std::uint64_t batch_size);

// Runs the search, each trial in a process of its own, and prints a table. Returns the exit code.
int find_batch_size(const BatchSizeSearch& asked, const CommandLine& line);

}  // namespace binade::host
