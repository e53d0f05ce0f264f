// `binade run FILE`: trains.
#pragma once

namespace binade::host {

class CommandLine;

void add_run(CommandLine& line);

}  // namespace binade::host
