// `binade export`: writes a run's record for other programs.
#pragma once

namespace binade::host {

class CommandLine;

void add_export(CommandLine& line);

}  // namespace binade::host
