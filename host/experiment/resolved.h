// The resolved experiment as TOML, and where each of its values came from.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/experiment.h"

namespace binade::host {

// The sections in the order of the resolved experiment, each with its tables.
struct ResolvedSection {
  std::string name;  // "train", "logger.0"
  std::vector<const OptionTable*> tables;
};
std::vector<ResolvedSection> resolved_sections(const Experiment& experiment);

// "first_run.toml:9", "base.toml:3, included", "--set train.steps=3", "default", "from dataset.classes"
std::string origin_text(const Option& option, const Experiment& experiment);

// Returns the resolved experiment as TOML: every option with its value, and its origin as a comment. Loading it again
// gives the same experiment.
std::string to_toml(const Experiment& experiment);

}  // namespace binade::host
