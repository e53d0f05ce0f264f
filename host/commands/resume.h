// `binade resume RUN`: goes on with a run that was interrupted, in its own directory.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_resume(CommandLine& line);

}  // namespace binade::host
