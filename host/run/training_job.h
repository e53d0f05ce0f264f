// What the verbs that train have in common.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/cli/command_line.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/lock_argument.h"
#include "host/run/resume_point.h"

namespace binade::host {

struct TrainingJob {
  std::string verb = "run";  // for the record
  ExperimentArgument experiment;
  LockArgument lock;
  std::filesystem::path runs = "runs";
  std::filesystem::path rescue;  // for what the run's folder cannot take at the end; empty: there is none
  bool dry_run = false, measure_memory = false;
  std::uint64_t stop_after = 0;        // steps of this process; 0: never
  std::optional<ResumePoint> resumed;  // goes on there; else a run of its own under `runs`
  bool new_experiment = false;         // a resumed run's own experiment.toml is replaced by what is given here
};

// Loads the experiment, the engine and the plugins, trains, reports. Returns the exit code.
int train(const TrainingJob& job, const CommandLine& line);

}  // namespace binade::host
