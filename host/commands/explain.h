// `binade explain CODE`: explains an error code and how to fix the error.
#pragma once

namespace binade::host {

class CommandLine;

void add_explain(CommandLine& line);

}  // namespace binade::host
