// binade plugins validate FILE.so: what a plugin must withstand, tried on it.
#pragma once

namespace binade::host {

class CommandLine;
class Verb;

// Adds the verb below `plugins`. Its action does not return: the process becomes libexec/binade/validate, which parses
// the arguments and prints the help, with the same exit codes and signals.
void add_validate(CommandLine& line, Verb& plugins);

}  // namespace binade::host
