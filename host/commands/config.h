// `binade config FILE`: the resolved experiment, and where each value came from.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_config(CommandLine& line);

}  // namespace binade::host
