// Rules for the host's sections beyond the types and ranges of single keys.
#pragma once

#include "host/experiment/experiment.h"

namespace binade::host {

// Checks forms of texts, exclusive bounds, and keys that contradict each other. Ignores values that were wrong already,
// and are therefore absent.
void check_section_rules(const Experiment& experiment, Diagnostics& diagnostics);

}  // namespace binade::host
