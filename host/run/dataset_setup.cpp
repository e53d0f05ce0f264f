#include "host/run/dataset_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/cli/experiment_argument.h"
#include "host/experiment/schema/vocabulary.h"
#include "host/experiment/wiring.h"

namespace binade::host {
namespace {

// A model without a vocab_size option tells its vocabulary size by its embedding. The dataset would have to guess it.
void ask_for_vocabulary(Experiment& experiment, const Plugin& model, Engine& engine) {
  const auto& options = experiment.model.options;
  const bool complete = std::none_of(options.options().begin(), options.options().end(),
                                     [](const Option& o) { return o.origin == Origin::wired && o.values.empty(); });
  if (!complete || options.has("vocab_size") || !waits_for(experiment.dataset.options, "model.vocab_size")) return;
  const auto rows = engine.embedding_rows(model, options);
  if (rows > 0) settle_vocabulary(experiment.dataset.options, "model.vocab_size", rows);
}

// Values that the model's table states were taken when the experiment was loaded; the rest get their defaults here.
bool wire_to_model(Experiment& experiment, ColorMode color) {
  Diagnostics diagnostics;
  host::wire_to_model(experiment.dataset.options, experiment.model, diagnostics);
  if (!diagnostics.empty()) print_mistakes(diagnostics, color);
  return diagnostics.empty();
}

void wire_to_dataset(Experiment& experiment, const Dataset& dataset, ColorMode color) {
  if (dataset.facts().count("vocab_size") == 0) {
    const auto warning = settle_vocabulary(experiment.model.options, "dataset.vocab_size", 0);
    if (!warning.empty()) log_line(color, BINADE_LOG_WARNING, warning);
  }
  Diagnostics diagnostics;
  wire(experiment.model.options, "model", dataset.facts(), diagnostics);
  wire(experiment.tables.task, "task", dataset.facts(), diagnostics);
  bind_settings(experiment);
  if (diagnostics.empty()) return;
  print_mistakes(diagnostics, color);
  throw std::runtime_error("the experiment does not fit its dataset");
}

}  // namespace

std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const OpenedPlugins& plugins, Engine& engine,
                                      ColorMode color) {
  ask_for_vocabulary(experiment, plugins.model, engine);
  return wire_dataset(experiment, plugins.dataset, color);
}

std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const Plugin& plugin, ColorMode color) {
  if (!wire_to_model(experiment, color)) return nullptr;
  auto dataset =
      std::make_unique<Dataset>(plugin, experiment.dataset.options, experiment.split, experiment.experiment.seed);
  wire_to_dataset(experiment, *dataset, color);
  return dataset;
}

std::vector<std::string> inputs_of(const Manifest& model, const Dataset& dataset) {
  if (model.inputs.empty()) return {dataset.fields().front().name};
  for (const auto& input : model.inputs) {
    std::string there;
    bool found = false;
    for (const auto& field : dataset.fields()) {
      found = found || field.name == input || (field.variable() && field.name + "_length" == input);
      there += (there.empty() ? "" : ", ") + field.name;
    }
    if (!found) {
      throw std::runtime_error(
          fmt::format("model `{}` wants the field `{}`, which dataset `{}` does not have; it has: {}", model.id, input,
                      dataset.plugin().id(), there));
    }
  }
  return model.inputs;
}

}  // namespace binade::host
