// What a report of a failure says of a plugin: what it is, where it lies, and what it was given.
#pragma once

#include <string>
#include <vector>

#include "host/commands/opened_plugins.h"
#include "host/experiment/experiment.h"

namespace binade::host {

struct PluginAccount {
  Plugin plugin;
  // Lines, without a newline at the end:
  //   plugin `waves` 0.1.0 (dataset)
  //     file: .../waves.so, sha256 9f2c...
  //     options: noise = 0.5
  std::string text;
};

// Of all plugins of a run.
std::vector<PluginAccount> accounts_of(const Experiment& experiment, const OpenedPlugins& plugins);

}  // namespace binade::host
