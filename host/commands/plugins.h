// `binade plugins list | describe ID | validate FILE`: the installed plugins, as their notes describe them.
#pragma once

namespace binade::host {

class CommandLine;

void add_plugins(CommandLine& line);

}  // namespace binade::host
