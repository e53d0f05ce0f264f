#include "host/commands/check.h"

#include <fmt/format.h>

#include <memory>

#include "host/commands/exit_codes.h"
#include "host/commands/experiment_argument.h"
#include "host/experiment/toml_text.h"

namespace binade::host {
namespace {

void describe(const PluginSection& section, const Catalog& catalog, PluginKind kind, const Paint& paint) {
  if (section.automatic()) {
    fmt::print("  {:<10} {}  {}\n", section.section, paint.bold(section.plugin),
               paint.dim("chosen at run, by the device and a short measurement"));
  } else {
    const auto& file = catalog.file(kind, section.plugin, section.library);
    fmt::print("  {:<10} {} {}  {}\n", section.section, paint.bold(section.plugin), file.manifest.version,
               paint.dim(file.path.string()));
  }
  for (const auto* table : {"overrides", "operations"}) {
    for (const auto& [name, precision] : section.reserved.entries(table)) {
      fmt::print("             {}: {} in {}\n", table, printable(name), precision);
    }
  }
  for (const auto& option : section.options.options()) {
    if (option.origin == Origin::wired && option.values.empty()) {
      fmt::print("             {}: resolved at run, from {}{}\n", option.spec->name, *option.spec->default_from,
                 option.spec->default_value ? ", or by default" : "");
    }
  }
}

int check(const ExperimentArgument& argument, const CommandLine& line) {
  const Catalog catalog(plugin_folders(line.executable()));
  const auto experiment = argument.load(catalog, line.color());
  if (!experiment) return exit_usage;

  if (experiment->dataset.stands_in) warn_of_synthetic_data(*experiment, line.color());
  const Paint paint(wants_color(line.color(), stdout));
  fmt::print("{} {} has no mistakes\n", paint.green("ok:"), argument.file);
  describe(experiment->model, catalog, PluginKind::model, paint);
  describe(experiment->dataset, catalog, PluginKind::dataset, paint);
  describe(experiment->precision, catalog, PluginKind::precision, paint);
  for (const auto& logger : experiment->loggers) describe(logger, catalog, PluginKind::logger, paint);
  return exit_ok;
}

}  // namespace

void add_check(CommandLine& line) {
  const auto argument = std::make_shared<ExperimentArgument>();
  auto& verb = line.verb("check", "Report all mistakes of an experiment; runs no plugin code",
                         "  binade check experiment.toml\n  binade check experiment.toml --set optimizer.lr=1e-4",
                         [argument, &line] { return check(*argument, line); });
  argument->add_to(verb);
}

}  // namespace binade::host
