// The resolved experiment as TOML, and where each of its values came from.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/experiment.h"

namespace binade::host {

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
