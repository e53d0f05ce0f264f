// An experiment: the TOML file and its overrides, checked and complete, as one value.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/schema/manifest.h"
#include "host/experiment/settings.h"

namespace binade::host {

// What [precision] may say instead of a plugin: the engine chooses by the device.
constexpr std::string_view automatic_precision = "auto";

// A section that a plugin fills: the plugin's own options, checked against its manifest.
struct PluginSection {
  std::string section;              // "model", "dataset", "precision", "logger.0"
  std::string plugin;               // id
  std::string library;              // explicit file, absolute, or empty
  Location where;                   // of the plugin's name
  OptionTable options;              // the plugin's
  OptionTable reserved;             // the host's own keys in this table, without `plugin` and `library`
  std::vector<std::string> inputs;  // the manifest's
  OptionTable chosen;               // `plugin` and `library` as they were given
  // No plugin is asked, and there is no manifest.
  bool automatic() const { return section == "precision" && plugin == automatic_precision && library.empty(); }

  bool is_default = false;  // the file has no such section: the manifest's or the caller's default is taken
};

// The checked tables of the host's sections: values with their origin and place.
struct HostTables {
  OptionTable experiment, task, optimizer;
  std::vector<OptionTable> parameter_groups;  // [[optimizer.group]]
  OptionTable schedule, train, checkpoint, watchdog, metrics;
};

struct Experiment {
  std::filesystem::path file;                // absolute
  std::vector<std::filesystem::path> files;  // all that were read, absolute: `file`, then what it includes
  // The host's sections, as bind_settings() has them from `tables`.
  ExperimentSettings experiment;
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

// Sets the settings to what the tables say. Must be called after every change of a table.
void bind_settings(Experiment& experiment);

// Reads and checks FILE, what it includes, and its `--set key=value` overrides. Mistakes go into `diagnostics`, all
// that can be found in one pass; nullopt when there were any. Runs no plugin code. `precision`: the plugin that stands
// in where there is no [precision]; without one that is a mistake.
std::optional<Experiment> load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                                          const ManifestSource& plugins, Diagnostics& diagnostics,
                                          const std::string& precision = {});

// A fact that a dataset states about itself: an integer or a text.
using Fact = std::variant<std::int64_t, std::string>;
using Facts = std::map<std::string, Fact, std::less<>>;

// Gives every option with `default_from = "dataset.<fact>"` that is still without a value the dataset's fact, and
// checks it as if it had been written; where there is no such fact, its default. Mistakes (no such fact and no default,
// wrong type, out of range) go into `diagnostics`.
void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics);

// The same for options of a dataset with `default_from = "model.<option>"`: they get the value that the model's table
// has ("model.inputs": the fields that its manifest names), by default or as given. To be called before the dataset is
// created, and so before the model itself is wired: a model's option that waits for the dataset has no value to give.
void wire_to_model(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);
// The part of it that can be told before anything is loaded, as load_experiment() does: what the model's table does
// not state goes on waiting.
void wire_to_stated(OptionTable& dataset_options, const PluginSection& model, Diagnostics& diagnostics);

// The sections in the order in which the resolved experiment shows them, each with the tables that make it up.
struct ResolvedSection {
  std::string name;  // "train", "logger.0"
  std::vector<const OptionTable*> tables;
};
std::vector<ResolvedSection> resolved_sections(const Experiment& experiment);

// "first_run.toml:9", "base.toml:3, included", "--set train.steps=3", "default", "from dataset.classes"
std::string origin_text(const Option& option, const Experiment& experiment);

// The resolved experiment as TOML: every option with its value, and behind it as a comment where it came from.
// Loading it again gives the same experiment.
std::string to_toml(const Experiment& experiment);

}  // namespace binade::host
