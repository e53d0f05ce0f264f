// From what was thrown to what the shell sees.
#pragma once

#include "host/cli/terminal.h"

namespace binade::host {

// In a catch block: says on standard error what failed and what to do, and returns the exit code for it.
int exit_code_of_failure(ColorMode color);

}  // namespace binade::host
