// A representative part of a split.
#pragma once

#include <cstdint>

#include "host/data/split.h"

namespace binade::host {

// Returns `count` random samples of the split, in the split's order. They depend only on the seed, so they are the same
// each time. Returns the whole split if it has at most `count` samples. The cost depends on `count`, not on the split's
// size.
Split subset(const Split& split, std::uint64_t count, std::uint64_t seed);

}  // namespace binade::host
