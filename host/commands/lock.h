// `binade lock FILE`: records the exact files of an experiment.
#pragma once

namespace binade::host {

class CommandLine;

void add_lock(CommandLine& line);

}  // namespace binade::host
