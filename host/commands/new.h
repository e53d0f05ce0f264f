// binade new KIND NAME: a project that builds, passes its test and trains at once.
#pragma once

namespace binade::host {

class CommandLine;

void add_new(CommandLine& line);

}  // namespace binade::host
