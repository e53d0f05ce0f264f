// What a failure report says about a plugin: its version, its file and its options.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/experiment.h"
#include "host/run/opened_plugins.h"

namespace binade::host {

struct PluginSummary {
  Plugin plugin;
  // Lines, without a newline at the end:
  //   plugin `waves` 0.1.0 (dataset)
  //     file: .../waves.so, sha256 9f2c...
  //     options: noise = 0.5
  std::string text;
};

// For all plugins of a run.
std::vector<PluginSummary> summaries_of(const Experiment& experiment, const OpenedPlugins& plugins);

}  // namespace binade::host
