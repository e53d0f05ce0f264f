// `binade explain CODE`: what an error message means and how to mend it.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_explain(CommandLine& line);

}  // namespace binade::host
