// What a verb that trains was asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "host/cli/experiment_argument.h"
#include "host/cli/lock_argument.h"
#include "host/run/resume_point.h"

namespace binade::host {

struct RunOptions {
  std::string verb = "run";  // for the record
  ExperimentArgument experiment;
  LockArgument lock;
  std::filesystem::path runs = "runs";  // a new run gets a folder of its own below this one
  std::filesystem::path rescue;         // takes the final weights when the run's folder cannot; empty: not given
  bool dry_run = false, measure_memory = false;
  std::uint64_t stop_after = 0;        // steps of this process; 0: never
  std::optional<ResumePoint> resumed;  // the run to resume; else a new one begins
  bool replaces_experiment = false;    // of a resumed run: its experiment.toml is written anew
};

}  // namespace binade::host
