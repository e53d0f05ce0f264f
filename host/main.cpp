// binade: the verbs, and nothing else.
#include "host/commands/check.h"
#include "host/commands/command_line.h"
#include "host/commands/plugins.h"
#include "host/commands/run.h"

int main(int argc, char** argv) {
  using namespace binade::host;
  CommandLine line("binade", "Trains neural networks in mixed precision from a TOML file.");
  add_run(line);
  add_check(line);
  add_plugins(line);
  return line.execute(argc, argv);
}
