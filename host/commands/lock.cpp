#include "host/commands/lock.h"

#include <fmt/format.h>

#include <memory>

#include "host/base/atomic_file.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/lock_argument.h"
#include "host/cli/version.h"
#include "host/run/engine_library.h"
#include "host/run/opened_plugins.h"

namespace binade::host {
namespace {

struct Arguments {
  ExperimentArgument experiment;
  std::string output;
};

int lock(const Arguments& arguments, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  const auto experiment = arguments.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  const auto files = chosen_files(*experiment, catalog);
  auto lock = make_lock(EngineLibrary(line.executable()).build_block(), version());
  for (const auto* file : files.all()) add(lock, *file);

  const auto path =
      arguments.output.empty() ? lock_beside(arguments.experiment.file) : std::filesystem::path(arguments.output);
  const auto text = to_toml(lock);
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
  const Paint paint(wants_color(line.color(), stdout));
  for (const auto& plugin : lock.plugins) {
    constexpr std::size_t shown = 16;
    show("  {:<10} {} {}  {}\n", to_string(plugin.kind), paint.bold(plugin.id), plugin.version,
         paint.dim(plugin.sha256.substr(0, shown)));
    for (const auto& library : plugin.libraries) {
      show("             with {}  {}\n", library.name, paint.dim(library.sha256.substr(0, shown)));
    }
  }
  show("{} {}\n", paint.green("wrote:"), path.string());
  return exit_ok;
}

}  // namespace

void add_lock(CommandLine& line) {
  const auto arguments = std::make_shared<Arguments>();
  auto& verb = line.verb("lock", "Record the exact files of an experiment; runs no plugin code",
                         "  binade lock experiment.toml\n  binade run experiment.toml --locked",
                         [arguments, &line] { return lock(*arguments, line); });
  arguments->experiment.add_to(verb);
  verb.option("-o,--output", arguments->output, "LOCK",
              "The file to write (default: FILE with .lock in place of .toml)");
}

}  // namespace binade::host
