// `binade setup`: fetches LibTorch for an installation that does not have it.
#pragma once

namespace binade::host {

class CommandLine;

void add_setup(CommandLine& line);

}  // namespace binade::host
