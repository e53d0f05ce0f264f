// Turns an exception into a message and an exit code.
#pragma once

#include "host/cli/terminal.h"

namespace binade::host {

// Must be called in a catch block. Prints what failed and what to do on standard error, and returns the exit code.
int exit_code_of_failure(ColorMode color);

}  // namespace binade::host
