// What the verbs that train have in common: from what was asked for to a trained model.
#pragma once

#include "host/cli/command_line.h"
#include "host/run/run_options.h"

namespace binade::host {

// Loads the experiment, the engine and the plugins, trains, reports. Returns the exit code; throws what ended the run,
// once everything that can be saved is saved.
int train(const RunOptions& options, const CommandLine& line);

}  // namespace binade::host
