// Cross-validation: trains once per fold and reports the means over the folds.
#pragma once

#include <cstdint>
#include <filesystem>

#include "host/cli/command_line.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/lock_argument.h"

namespace binade::host {

struct CrossValidation {
  ExperimentArgument experiment;
  LockArgument lock;
  std::filesystem::path runs = "runs";
  std::uint64_t folds = 0;  // >= 2
};

// Runs `binade run` once per fold, each in a process and a run folder of its own, all below one new folder, which also
// gets their means as summary.json. Prints a table. Returns the exit code: that of the first run that failed, or 128
// plus the signal that ended the command. Folds that were finished before count in any case.
int cross_validate(const CrossValidation& asked, const CommandLine& line);

}  // namespace binade::host
