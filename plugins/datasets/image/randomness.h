// Draws from a sample's random numbers.
#pragma once

#include <binade/random.h>

// Uniform in [low, high).
inline double between(binade::Random& random, double low, double high) { return low + (high - low) * random.uniform(); }
// Uniform in {0, ..., most}.
inline int up_to(binade::Random& random, int most) {
  return static_cast<int>(random.below(static_cast<std::uint64_t>(most) + 1));
}
inline bool happens(binade::Random& random, double probability) { return random.uniform() < probability; }
