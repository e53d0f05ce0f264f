// An experiment: the TOML file and its overrides, checked and complete, as one value.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/manifest.h"
#include "host/experiment/settings.h"

namespace binade::host {

// The value of [precision] plugin with which the engine chooses a precision for the device.
constexpr std::string_view automatic_precision = "auto";

// A section of a plugin: the plugin's own options, checked against its manifest.
struct PluginSection {
  std::string section;              // "model", "dataset", "precision", "logger.0"
  std::string plugin;               // id
  std::string library;              // explicit file, absolute, or empty
  Location where;                   // of the plugin's name
  OptionTable options;              // the plugin's
  OptionTable reserved;             // the host's own keys in this table, without `plugin` and `library`
  std::vector<std::string> inputs;  // the manifest's
  OptionTable chosen;               // `plugin` and `library` as they were given
  // Without a plugin and a manifest.
  bool automatic() const { return section == "precision" && plugin == automatic_precision && library.empty(); }

  bool is_default = false;  // the file has no such section: the manifest's or the caller's default is taken
};

// The checked tables of the host's sections: values with their origin and place.
struct HostTables {
  OptionTable experiment, split, task, optimizer;
  std::vector<OptionTable> parameter_groups;  // [[optimizer.group]]
  OptionTable schedule, train, checkpoint, watchdog, metrics;
};

struct Experiment {
  std::filesystem::path file;                // absolute
  std::vector<std::filesystem::path> files;  // all that were read, absolute: `file`, then what it includes
  // The host's sections, as bind_settings() has them from `tables`.
  ExperimentSettings experiment;
  SplitSettings split;
  TaskSettings task;
  OptimizerSettings optimizer;
  std::vector<ParameterGroupSettings> parameter_groups;
  ScheduleSettings schedule;
  TrainSettings train;
  CheckpointSettings checkpoint;
  WatchdogSettings watchdog;
  MetricsSettings metrics;
  HostTables tables;
  PluginSection model, dataset, precision;
  std::vector<PluginSection> loggers;
};

// Sets the settings to what the tables hold. Must be called after every change of a table.
void bind_settings(Experiment& experiment);

// Reads and checks FILE, what it includes, and its `--set key=value` overrides. Adds all mistakes that can be found in
// one pass to `diagnostics` and returns nullopt when there are any. Runs no plugin code. `precision` is the default
// plugin for a file without [precision]; without it, a missing [precision] is a mistake.
std::optional<Experiment> load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                                          const ManifestSource& plugins, Diagnostics& diagnostics,
                                          const std::string& precision = {});

}  // namespace binade::host
