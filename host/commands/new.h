// `binade new KIND NAME`: writes a project that builds, passes its test and trains.
#pragma once

namespace binade::host {

class CommandLine;

void add_new(CommandLine& line);

}  // namespace binade::host
