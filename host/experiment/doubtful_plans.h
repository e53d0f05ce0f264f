// Valid plans of an experiment that are probably not intended. They are warnings and not mistakes, because a short
// trial of a long experiment looks the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/experiment/experiment.h"

namespace binade::host {

// Returns a sentence for each plan that the run is too short for, or that another key makes void.
std::vector<std::string> doubtful_plans(const Experiment& experiment);

// The same for plans that depend on the number of steps, once the dataset has determined the steps of an epoch. Empty
// when doubtful_plans() knew `steps` already.
std::vector<std::string> doubtful_plans(const Experiment& experiment, std::uint64_t steps);

}  // namespace binade::host
