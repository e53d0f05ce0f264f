// `binade verify-resume FILE`: checks that a resumed run reproduces an uninterrupted one exactly.
#pragma once

namespace binade::host {

class CommandLine;

void add_verify_resume(CommandLine& line);

}  // namespace binade::host
