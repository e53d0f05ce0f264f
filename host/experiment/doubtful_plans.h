// What an experiment says that can hardly be meant, although each of its keys is right: a warning, and not a mistake,
// because a short trial of a long experiment says the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/experiment/experiment.h"

namespace binade::host {

// One sentence for each plan that the run's length leaves no room for, or that another key makes void.
std::vector<std::string> doubtful_plans(const Experiment& experiment);

// The same of the plans that depend on the number of steps, once the data has said how many the epochs are; empty where
// `steps` is the number that doubtful_plans() knew already.
std::vector<std::string> doubtful_plans(const Experiment& experiment, std::uint64_t steps);

}  // namespace binade::host
