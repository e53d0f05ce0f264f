// The watchdog of a run, and how a run ends that hangs.
#pragma once

#include <memory>

#include "host/run/opened_plugins.h"
#include "host/run/reports/console_report.h"
#include "host/run/run_telemetry.h"
#include "host/telemetry/watchdog.h"

namespace binade::host {

// All of it outlives the watchdog.
struct WatchedRun {
  const Experiment& experiment;
  const OpenedPlugins& plugins;
  const RunDirectory& directory;
  const ReportedRun& reported;
  RunTelemetry& telemetry;
  Progress& progress;
  ColorMode color;
};

// Those whose calls are counted.
std::vector<WatchedPlugin> watched(const std::vector<Plugin>& plugins);

// From the plugins' opening until the run begins: what is created and described then. nullptr where [watchdog] says so.
// At an alarm it says which plugin hangs in which call, and ends the process with exit_run_failed. `progress` outlives
// it, and nothing enters it.
std::unique_ptr<Watchdog> watch_start(const Experiment& experiment, const OpenedPlugins& plugins,
                                      const Progress& progress, ColorMode color);

// nullptr where [watchdog] says so. At an alarm it says what hangs, saves what does not need the hung thread (the
// metrics, a summary.json, a checkpoint that is being written already) in at most a second, says how to continue, waits
// for Prometheus' last scrape where there were others, parts, and ends the process with exit_run_failed.
std::unique_ptr<Watchdog> watch(const WatchedRun& run);

}  // namespace binade::host
