// What the keys of the host's sections must fulfil beyond type and range.
#pragma once

#include "host/experiment/experiment.h"

namespace binade::host {

// What one key alone cannot tell: forms of texts, exclusive bounds, keys that contradict each other. Values that are
// wrong already, and so absent, are passed over.
void check_section_rules(const Experiment& experiment, Diagnostics& diagnostics);

}  // namespace binade::host
