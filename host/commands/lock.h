// binade lock FILE: which bytes the experiment is made of.
#pragma once

namespace binade::host {

class CommandLine;

void add_lock(CommandLine& line);

}  // namespace binade::host
