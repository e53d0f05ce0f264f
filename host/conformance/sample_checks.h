// Checks of what a dataset's samples contain, as training would find it.
#pragma once

#include <cstdint>

#include "host/data/dataset.h"

namespace binade::host {

// Throws Violation for a field of a type that no layer takes.
void require_usable_fields(const Dataset& dataset);

// Reads up to 2,000 samples of every split, the first and the last ones among them, in two epochs and one by one.
// Throws Violation for NaN, inf and labels beyond the fact `classes`, and PluginError that names a sample that cannot
// be read.
void require_usable_samples(const Dataset& dataset, std::uint64_t seed);

}  // namespace binade::host
