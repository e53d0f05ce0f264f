// Nearly normal random numbers that are the same on every machine: they avoid libm, whose last bits differ.
#pragma once

#include <binade/random.h>

// Mean 0, standard deviation 1, between -6 and 6: an Irwin-Hall sum of twelve 16-bit integers.
inline double gaussian(binade::Random& random) {
  std::int64_t sum = -6 * std::int64_t{0xFFFF};
  for (int draw = 0; draw < 3; ++draw) {
    const auto bits = random.bits();
    for (int shift = 0; shift < 64; shift += 16) sum += static_cast<std::int64_t>(bits >> shift & 0xFFFF);
  }
  return static_cast<double>(sum) * 0x1p-16;
}
