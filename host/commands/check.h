// binade check FILE: all mistakes of an experiment, without running a line of plugin code.
#pragma once

namespace binade::host {

class CommandLine;

void add_check(CommandLine& line);

}  // namespace binade::host
