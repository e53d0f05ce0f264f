// An experiment: the TOML file and its overrides, checked and complete, as one value.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/manifest.h"

namespace binade::host {

// A section that a plugin fills: the plugin's own options, checked against its manifest.
struct PluginSection {
  std::string section;   // "model", "dataset", "precision", "logger.0"
  std::string plugin;    // id
  std::string library;   // explicit file, absolute, or empty
  Location where;        // of the plugin's name
  OptionTable options;   // the plugin's
  OptionTable reserved;  // the host's own keys in this table, without `plugin` and `library`
};

struct Experiment {
  std::filesystem::path file;  // absolute
  // The host's sections; their keys, types, ranges and defaults stand in sections.cpp.
  OptionTable experiment;                     // name, seed
  OptionTable task;                           // loss, target
  OptionTable optimizer;                      // name, lr, ...
  std::vector<OptionTable> parameter_groups;  // [[optimizer.group]]: parameters, lr, weight_decay
  OptionTable schedule;                       // name, warmup_steps, ...
  OptionTable train;                          // steps, epochs, max_time, batch_size, ...
  OptionTable metrics;                        // listen, ...
  PluginSection model, dataset, precision;
  std::vector<PluginSection> loggers;
};

// Reads and checks FILE with its `--set key=value` overrides. Mistakes go into `diagnostics`, all that can be found in
// one pass; nullopt when there were any. Runs no plugin code.
std::optional<Experiment> load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                                          const ManifestSource& plugins, Diagnostics& diagnostics);

// A fact that a dataset states about itself: an integer or a text.
using Fact = std::variant<std::int64_t, std::string>;
using Facts = std::map<std::string, Fact, std::less<>>;

// Gives every option with `default_from = "dataset.<fact>"` that is still without a value the dataset's fact, and
// checks it as if it had been written. Mistakes (no such fact, wrong type, out of range) go into `diagnostics`.
void wire(OptionTable& options, const std::string& section, const Facts& dataset_facts, Diagnostics& diagnostics);

// The resolved experiment as TOML: every option with its value, and behind it as a comment where it came from.
// Loading it again gives the same experiment.
std::string to_toml(const Experiment& experiment);

}  // namespace binade::host
