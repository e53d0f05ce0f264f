// A part of a split that stands for the whole.
#pragma once

#include <cstdint>

#include "host/data/dataset.h"

namespace binade::host {

// The first `count` samples of one random order of the split, which depends on the seed alone: a fair sample, whatever
// order the data has, and the same each time. They come in the split's own order. All of the split where it has no more
// than `count`. Costs grow with `count`, not with the split.
Split subset(const Split& split, std::uint64_t count, std::uint64_t seed);

}  // namespace binade::host
