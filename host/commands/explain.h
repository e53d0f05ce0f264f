// `binade explain CODE`: what an error message means and how to mend it.
#pragma once

namespace binade::host {

class CommandLine;

void add_explain(CommandLine& line);

}  // namespace binade::host
