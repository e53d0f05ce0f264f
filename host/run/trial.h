// One training run in a process of its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/child_process.h"

namespace binade::host {

// To be filled by name.
struct Trial {
  std::filesystem::path experiment;  // the TOML file
  std::filesystem::path folder;      // exists; gets <name>.log and the run's folder <name>/<run id>/
  std::string name;
  std::vector<std::string> overrides = {};  // as for --set
  std::filesystem::path lock = {};          // for --lock; empty: not locked
  bool measure_memory = false;
};

struct TrialEnd {
  ChildEnd process;
  std::filesystem::path log, directory;  // `directory` is empty if the run failed before it had one

  bool finished() const;
  // For this process to end with: the run's own, or exit_run_failed if a signal ended it.
  int exit_code() const;
  // "exit code 1:", the last lines of the run's output and the path of its log.
  std::string failure() const;
};

// Runs `executable run` to its end. Passes a stop signal on. Throws std::system_error if the process cannot be started.
TrialEnd run_trial(const Trial& trial, const std::filesystem::path& executable, const std::atomic<int>& stop_signal);

}  // namespace binade::host
