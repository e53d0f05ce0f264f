// `binade resume RUN`: goes on with a run that was interrupted, in its own directory.
#pragma once

namespace binade::host {

class CommandLine;

void add_resume(CommandLine& line);

}  // namespace binade::host
