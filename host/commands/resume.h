// `binade resume RUN`: resumes an interrupted run in its own directory.
#pragma once

namespace binade::host {

class CommandLine;

void add_resume(CommandLine& line);

}  // namespace binade::host
