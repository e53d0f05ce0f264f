#include "host/commands/check.h"

#include <fmt/format.h>

#include <memory>

#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/lock_argument.h"
#include "host/experiment/toml/toml_text.h"
#include "host/run/engine_library.h"
#include "host/run/opened_plugins.h"

namespace binade::host {
namespace {

void describe(const PluginSection& section, const Catalog& catalog, PluginKind kind, const Paint& paint) {
  if (section.automatic()) {
    show("  {:<10} {}  {}\n", section.section, paint.bold(section.plugin),
         paint.dim("chosen at the start of a run, by the device and a short measurement"));
  } else {
    const auto& file = catalog.file(kind, section.plugin, section.library);
    show("  {:<10} {} {}  {}\n", section.section, paint.bold(section.plugin), file.manifest.version,
         paint.dim(file.path.string()));
  }
  for (const auto* table : {"overrides", "operations"}) {
    for (const auto& [name, precision] : section.reserved.entries(table)) {
      show("             {}: {} in {}\n", table, name, precision);
    }
  }
  for (const auto& option : section.options.options()) {
    if (option.origin == Origin::wired && option.values.empty()) {
      show("             {}: resolved at the start of a run, from {}{}\n", option.spec->name,
           *option.spec->default_from, option.spec->default_value ? ", or by default" : "");
    }
  }
}

// Returns false when no lock was requested. Throws PluginRefused.
bool require_locked(const Experiment& experiment, const Catalog& catalog, const ExperimentArgument& argument,
                    const LockArgument& lock, const CommandLine& line) {
  if (!lock.locked && lock.file.empty()) return false;
  const auto copies = lock.open(argument.file, EngineLibrary(line.executable()).build_block());
  auto files = chosen_files(experiment, catalog);
  verify(files, *copies);
  return true;
}

int check(const ExperimentArgument& argument, const LockArgument& lock, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  const auto experiment = argument.load(catalog, line.color());
  if (!experiment) return exit_usage;

  warn_of_doubts(*experiment, line.color());
  const Paint paint(wants_color(line.color(), stdout));
  const bool locked = require_locked(*experiment, catalog, argument, lock, line);
  show("{} {} has no mistakes{}\n", paint.green("ok:"), argument.file, locked ? " and matches its lock" : "");
  describe(experiment->model, catalog, PluginKind::model, paint);
  describe(experiment->dataset, catalog, PluginKind::dataset, paint);
  describe(experiment->precision, catalog, PluginKind::precision, paint);
  for (const auto& logger : experiment->loggers) describe(logger, catalog, PluginKind::logger, paint);
  return exit_ok;
}

}  // namespace

void add_check(CommandLine& line) {
  const auto argument = std::make_shared<ExperimentArgument>();
  const auto lock = std::make_shared<LockArgument>();
  auto& verb = line.verb("check", "Report all mistakes of an experiment; runs no plugin code",
                         "  binade check experiment.toml\n  binade check experiment.toml --set optimizer.lr=1e-4",
                         [argument, lock, &line] { return check(*argument, *lock, line); });
  argument->add_to(verb);
  lock->add_to(verb);
}

}  // namespace binade::host
