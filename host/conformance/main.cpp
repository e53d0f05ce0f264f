// libexec/binade/validate runs `binade plugins validate`. It is a separate program because it replaces the global
// operator new, so that a check can make allocations fail.
//
// `binade` executes it with its own path before its arguments: `validate BINADE ARGUMENTS...`.
#include "host/cli/exit_codes.h"
#include "host/cli/program.h"
#include "host/conformance/validate_verb.h"

namespace {

int execute(int argc, char** argv) {
  using namespace binade::host;
  if (argc < 2) {
    show(stderr, "error: this program is started by `binade plugins validate`\n");
    return exit_usage;
  }
  CommandLine line("binade", "", argv[1]);
  argv[1] = argv[0];
  add_validate(line, line.verb("plugins", "", "", nullptr));
  return line.execute(argc - 1, argv + 1);
}

}  // namespace

int main(int argc, char** argv) {
  return binade::host::run_program([&] { return execute(argc, argv); });
}
