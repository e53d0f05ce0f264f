// `binade export`: what a run recorded, for other programs.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_export(CommandLine& line);

}  // namespace binade::host
