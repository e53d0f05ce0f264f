// `binade check FILE`: reports all mistakes of an experiment without running plugin code.
#pragma once

namespace binade::host {

class CommandLine;

void add_check(CommandLine& line);

}  // namespace binade::host
