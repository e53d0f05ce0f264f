#include "host/cli/experiment_argument.h"

#include <fmt/format.h>

#include "binade/abi/plugin.h"
#include "host/experiment/diagnostics/diagnostic_pages.h"
#include "host/experiment/doubtful_plans.h"

namespace binade::host {

void print_mistakes(const Diagnostics& diagnostics, ColorMode color) {
  // render() escapes untrusted text itself.
  put(stderr, diagnostics.render(wants_color(color, stderr)) + explain_hint(diagnostics));
}

void warn_of_doubts(const Experiment& experiment, ColorMode color) {
  if (experiment.dataset.is_default) {
    log_line(color, BINADE_LOG_WARNING,
             fmt::format("the experiment has no [dataset]: synthetic data of the plugin `{}` is used, so the loss "
                         "says nothing about your task",
                         experiment.dataset.plugin));
  }
  for (const auto& sentence : doubtful_plans(experiment)) log_line(color, BINADE_LOG_WARNING, sentence);
}

void ExperimentArgument::add_to(Verb& verb) {
  verb.argument("FILE", file, "The experiment, a TOML file");
  add_overrides_to(verb);
}

void ExperimentArgument::add_overrides_to(Verb& verb) {
  verb.repeatable("--set", overrides, "KEY=VALUE", "Change one value, as TOML: --set train.steps=100 (repeatable)");
}

std::optional<Experiment> ExperimentArgument::load(const Catalog& plugins, ColorMode color,
                                                   const std::string& precision) const {
  Diagnostics diagnostics;
  auto experiment = load_experiment(file, overrides, plugins, diagnostics, precision);
  if (!diagnostics.empty()) print_mistakes(diagnostics, color);
  return experiment;
}

}  // namespace binade::host
