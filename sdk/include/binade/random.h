// Random numbers that depend only on three keys, on every machine: SplitMix64 (Steele, Lea, Flood 2014).
#ifndef BINADE_RANDOM_H
#define BINADE_RANDOM_H

#include <cstdint>

namespace binade {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t index) : state_(mix(mix(mix(seed) + epoch) + index)) {}
  std::uint64_t bits() { return mix(state_ += 0x9E3779B97F4A7C15u); }
  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  // Uniform in [0, bound); bound >= 1.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t uneven = (0 - bound) % bound;  // 2^64 modulo bound: reject that many values to avoid bias
    std::uint64_t drawn = bits();
    while (drawn < uneven) drawn = bits();
    return drawn % bound;
  }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace binade
#endif
