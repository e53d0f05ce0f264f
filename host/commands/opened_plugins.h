// The plugins of one experiment, judged and opened.
#pragma once

#include <optional>

#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct OpenedPlugins {
  // The model must have passed require_same_build(), and the engine be loaded: a model finds LibTorch by its being
  // there. Throws PluginRefused.
  OpenedPlugins(const Experiment& experiment, const Catalog& catalog, const PluginLog& log);

  std::vector<Plugin> all() const;

  Manifest model_manifest;
  Plugin model, dataset;
  std::optional<Plugin> precision;  // none where the engine chooses
  std::vector<Plugin> loggers;      // one per [[logger]], in order
};

}  // namespace binade::host
