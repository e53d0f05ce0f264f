#include "host/commands/experiment_argument.h"

#include <fmt/format.h>

namespace binade::host {

void ExperimentArgument::add_to(CLI::App& verb) {
  verb.add_option("FILE", file, "The experiment, a TOML file")->required()->type_name("");
  verb.add_option("--set", overrides, "Change one value, as TOML: --set train.steps=100 (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

std::optional<Experiment> ExperimentArgument::load(const Catalog& plugins, ColorMode color) const {
  Diagnostics diagnostics;
  auto experiment = load_experiment(file, overrides, plugins, diagnostics);
  if (!diagnostics.empty()) fmt::print(stderr, "{}", diagnostics.render(wants_color(color, stderr)));
  return experiment;
}

}  // namespace binade::host
