// binade plugins validate FILE.so: the conformance kit's command line.
#pragma once

#include "host/cli/command_line.h"

namespace binade::host {

// Shared by `binade`, which lists the verb, and libexec/binade/validate, which runs it.
inline constexpr const char* validate_description = "Check that a plugin keeps all rules; runs its code";

// Adds the verb below `plugins`.
void add_validate(CommandLine& line, Verb& plugins);

}  // namespace binade::host
