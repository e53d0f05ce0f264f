// `binade config FILE`: shows the resolved experiment and where each value came from.
#pragma once

namespace binade::host {

class CommandLine;

void add_config(CommandLine& line);

}  // namespace binade::host
