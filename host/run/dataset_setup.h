// What model, dataset and task take from each other before a run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/cli/terminal.h"
#include "host/data/dataset.h"
#include "host/engine_api/engine.h"
#include "host/experiment/experiment.h"
#include "host/run/opened_plugins.h"

namespace binade::host {

// Makes the dataset and settles every option that waited for it, or that it waited for. nullptr: the experiment's
// mistakes were printed. Throws PluginError, and std::runtime_error when the experiment does not fit its dataset.
std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const OpenedPlugins& plugins, Engine& engine,
                                      ColorMode color);

// The same, with no code of the model's run: a model that says how many tokens it knows only by its embedding is not
// asked.
std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const Plugin& dataset, ColorMode color);

// The fields for the model's forward(): those of its manifest, else the dataset's first. Throws std::runtime_error for
// one that the dataset does not have.
std::vector<std::string> inputs_of(const Manifest& model, const Dataset& dataset);

}  // namespace binade::host
