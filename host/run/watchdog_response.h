// The watchdog of a run, and what happens when it finds a hang.
#pragma once

#include <memory>

#include "host/cli/terminal.h"
#include "host/run/opened_plugins.h"
#include "host/telemetry/watchdog.h"

namespace binade::host {

class Run;

// The plugins whose calls can be watched.
std::vector<WatchedPlugin> watched(const std::vector<Plugin>& plugins);

// Watches what happens between the opening of the plugins and the start of the run: creating and describing them. A
// hang is logged with the plugin and its call, and ends the process with exit_run_failed. Returns nullptr where
// [watchdog] is disabled. `progress` must outlive it, and is not entered yet.
std::unique_ptr<Watchdog> watch_start(const Experiment& experiment, const OpenedPlugins& plugins,
                                      const Progress& progress, ColorMode color);

// Watches a run. A hang is logged; then whatever does not need the hung thread is saved within a second (the metrics, a
// summary.json, a checkpoint that is already being written), the log says how to resume, Prometheus gets its last
// scrape, and the process ends with exit_run_failed. Returns nullptr where [watchdog] is disabled.
std::unique_ptr<Watchdog> watch(Run& run);

}  // namespace binade::host
