// binade plugins validate FILE.so: the conformance kit.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

// Adds the verb below `plugins`.
void add_validate(CommandLine& line, CLI::App& plugins);

}  // namespace binade::host
