// `binade verify-resume FILE`: shows that a run which is interrupted and resumed is the run that was not.
#pragma once

namespace binade::host {

class CommandLine;

void add_verify_resume(CommandLine& line);

}  // namespace binade::host
