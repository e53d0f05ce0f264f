// The program `binade`: adds the verbs and runs one.
#include "host/cli/command_line.h"
#include "host/cli/program.h"
#include "host/commands/bench.h"
#include "host/commands/check.h"
#include "host/commands/config.h"
#include "host/commands/explain.h"
#include "host/commands/export.h"
#include "host/commands/lock.h"
#include "host/commands/new.h"
#include "host/commands/plugins.h"
#include "host/commands/resume.h"
#include "host/commands/run.h"
#include "host/commands/schema.h"
#include "host/commands/setup.h"
#include "host/commands/tune.h"
#include "host/commands/verify_resume.h"

namespace {

int execute(int argc, char** argv) {
  using namespace binade::host;
  CommandLine line("binade", "Trains neural networks in mixed precision from a TOML file.", running_program());
  add_run(line);
  add_resume(line);
  add_verify_resume(line);
  add_tune(line);
  add_bench(line);
  add_check(line);
  add_config(line);
  add_lock(line);
  add_plugins(line);
  add_new(line);
  add_explain(line);
  add_schema(line);
  add_export(line);
  add_setup(line);
  return line.execute(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return binade::host::run_program([&] { return execute(argc, argv); });
}
