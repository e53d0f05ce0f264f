// `binade plugins validate FILE.so`: hands over to libexec/binade/validate.
#pragma once

namespace binade::host {

class CommandLine;
class Verb;

// Adds the verb below `plugins`. Its action executes libexec/binade/validate in this process, which parses the
// arguments and prints the help. Exit codes and signals are those of that program.
void add_validate(CommandLine& line, Verb& plugins);

}  // namespace binade::host
