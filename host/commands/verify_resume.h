// `binade verify-resume FILE`: shows that a run which is interrupted and resumed is the run that was not.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_verify_resume(CommandLine& line);

}  // namespace binade::host
