// The plugins of one experiment, checked and opened.
#pragma once

#include <optional>
#include <vector>

#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/loading/lock/verified_copies.h"
#include "host/loading/plugin.h"

namespace binade::host {

// The files of an experiment's plugins.
struct PluginFiles {
  PluginFile model, dataset;
  std::optional<PluginFile> precision;  // none where the engine chooses
  std::vector<PluginFile> loggers;      // one per [[logger]], in order

  std::vector<const PluginFile*> all() const;
};
PluginFiles chosen_files(const Experiment& experiment, const Catalog& catalog);
// Replaces each file by its verified copy. Throws PluginRefused.
void verify(PluginFiles& files, VerifiedCopies& copies);

struct OpenedPlugins {
  // The model must have passed require_same_build(), and the engine must be loaded, because the model's symbols are
  // resolved against its LibTorch. Throws PluginRefused.
  OpenedPlugins(const PluginFiles& files, const PluginLog& log);

  std::vector<Plugin> all() const;

  Manifest model_manifest;
  Plugin model, dataset;
  std::optional<Plugin> precision;  // none where the engine chooses
  std::vector<Plugin> loggers;      // one per [[logger]], in order
};

}  // namespace binade::host
