// What the commands that run an experiment several times have in common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/experiment/experiment.h"
#include "host/storage/run_directory.h"

namespace binade::host {

// Creates the folder of all trials, <runs>/<name>/<prefix><UTC>-<hash8>/, with the resolved experiment. Throws
// std::system_error.
RunDirectory make_trials_folder(const Experiment& experiment, const std::filesystem::path& runs,
                                std::string_view prefix);

// Overrides for a run of so many steps of which only the steps matter: it evaluates one batch at its end and keeps no
// checkpoints.
std::vector<std::string> short_run(std::uint64_t steps);

}  // namespace binade::host
