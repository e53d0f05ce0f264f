// binade plugins validate FILE.so: the conformance kit's command line.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

// For the verb in both programs: `binade`, which lists it, and libexec/binade/validate, which carries it out.
inline constexpr const char* validate_description = "Try everything on a plugin that it must withstand; runs its code";

// Adds the verb below `plugins`.
void add_validate(CommandLine& line, Verb& plugins);

}  // namespace binade::host
