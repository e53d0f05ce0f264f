// The measurements of one run of a benchmark, read from its run directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "host/data/fingerprint/fingerprint.h"

namespace binade::host {

struct Measurement {
  std::filesystem::path directory;
  double seconds = 0;        // from the process's start to its end
  double process_bytes = 0;  // peak memory of the process: ru_maxrss

  std::string device, precision;  // effective: "cpu", "bf16"
  std::string initial_parameters_sha256, samples_hash;
  Fingerprint data;
  std::uint64_t steps = 0, warmup_steps = 0, skipped_steps = 0;
  double samples_per_second = 0, steps_per_second = 0, median_step_seconds = 0;  // of the steps after the warm-up
  double tensor_bytes = std::numeric_limits<double>::quiet_NaN();                // peak of live tensors
  double accuracy = std::numeric_limits<double>::quiet_NaN();                    // of the last evaluation
  double validation_loss = std::numeric_limits<double>::quiet_NaN();             // of the last evaluation
  double final_loss = std::numeric_limits<double>::quiet_NaN();                  // training, of the last applied step
  double last_tenth_loss = std::numeric_limits<double>::quiet_NaN();             // training, mean
  std::vector<double> losses;                                                    // training, of each step
};

// The larger of 3 and a tenth of the steps.
std::uint64_t default_warmup(std::uint64_t steps);

// Reads summary.json, data.json and metrics.jsonl. The first `warmup_steps`, by default default_warmup(), are not
// timed. Throws std::runtime_error naming the directory when the run is too short for its warm-up or a file is
// malformed.
Measurement read_measurement(const std::filesystem::path& directory, std::optional<std::uint64_t> warmup_steps);

}  // namespace binade::host
