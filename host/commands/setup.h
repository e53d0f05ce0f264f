// `binade setup`: LibTorch, for an installation that does not have it.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_setup(CommandLine& line);

}  // namespace binade::host
