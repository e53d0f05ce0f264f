// The plugins of one experiment, judged and opened.
#pragma once

#include "binade/abi/precision.h"
#include "host/engine/precision_rules.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct OpenedPlugins {
  // The model must have passed require_same_build(), and the engine be loaded: a model finds LibTorch by its being
  // there. Throws PluginRefused.
  OpenedPlugins(const Experiment& experiment, const Catalog& catalog, const PluginLog& log);

  // Asks the precision plugin once; appends the overrides of its own to `rules`. Throws PluginError, or
  // std::runtime_error for a policy that makes no sense.
  binade_policy policy(const OptionTable& options, std::vector<PrecisionRule>& rules) const;

  std::vector<Plugin> all() const;

  Manifest model_manifest;
  Plugin model, dataset, precision;
  std::vector<Plugin> loggers;  // one per [[logger]], in order
};

}  // namespace binade::host
