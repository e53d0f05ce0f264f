// Creates the dataset and settles what model, dataset and task take from each other.
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

// Creates the dataset, and settles every option that depends on it or that it depends on. Returns nullptr when the
// experiment has mistakes, which were printed. Throws PluginError, and std::runtime_error when the experiment does not
// fit its dataset.
std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const OpenedPlugins& plugins, Engine& engine,
                                      ColorMode color);

// The same without running the model's code: a model whose vocabulary size shows only in its embedding is not asked.
std::unique_ptr<Dataset> wire_dataset(Experiment& experiment, const Plugin& dataset, ColorMode color);

// The fields that the model's forward() gets: those that its manifest names, else the dataset's first one. Throws
// std::runtime_error when the dataset does not have one of them.
std::vector<std::string> inputs_of(const Manifest& model, const Dataset& dataset);

}  // namespace binade::host
