// binade plugins list | describe ID: what is installed, read from the plugins' notes.
#pragma once

namespace binade::host {

class CommandLine;

void add_plugins(CommandLine& line);

}  // namespace binade::host
