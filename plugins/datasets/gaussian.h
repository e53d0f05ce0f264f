// Nearly normal numbers that are the same on every machine: no function of the C library's, whose last bits differ.
#pragma once

#include <binade/random.h>

// Mean 0, deviation 1, between -6 and 6: the sum of twelve 16-bit numbers (Irwin and Hall), added as integers.
inline double gaussian(binade::Random& random) {
  std::int64_t sum = -6 * std::int64_t{0xFFFF};
  for (int draw = 0; draw < 3; ++draw) {
    const auto bits = random.bits();
    for (int shift = 0; shift < 64; shift += 16) sum += static_cast<std::int64_t>(bits >> shift & 0xFFFF);
  }
  return static_cast<double>(sum) * 0x1p-16;
}
