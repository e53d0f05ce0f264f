// `binade schema`: the experiment file described for editors.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

void add_schema(CommandLine& line);

}  // namespace binade::host
