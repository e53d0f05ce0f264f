// One training run in a process of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/cli/child_process.h"
#include "host/cli/command_line.h"

namespace binade::host {

// To be filled by name.
struct Trial {
  std::filesystem::path experiment;  // the TOML file
  std::filesystem::path folder;      // exists; gets <name>.log and the run's folder <name>/<run id>/
  std::string name;
  std::vector<std::string> overrides = {};  // as for --set
  std::filesystem::path lock = {};          // for --lock; empty: none
};

struct TrialEnd {
  ChildEnd process;
  std::filesystem::path log, directory;  // `directory` is empty if the run failed before it had one
};

// Runs `binade run` to its end. A signal to this process is passed on. Throws std::system_error if the process cannot
// be started.
TrialEnd run_trial(const Trial& trial, const CommandLine& line);

}  // namespace binade::host
