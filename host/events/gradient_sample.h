// A histogram of one step's gradients by binary exponent, which shows how well the compute precision represents them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

namespace binade::host {

// [e] counts elements whose fp32 form has the exponent field e: 2^(e-127) <= |x| < 2^(e-126). [0] counts zeros and
// fp32's subnormals, [255] inf and NaN.
using ExponentCounts = std::array<std::uint64_t, 256>;
inline constexpr int exponent_bias = 127;

// Upper bounds of a metric's buckets, powers of two. 2^-24 is float16's smallest number, 2^-14 its smallest normal
// number, and 2^16 is just out of its range.
inline constexpr std::array magnitude_buckets{0x1p-40, 0x1p-30, 0x1p-24, 0x1p-20, 0x1p-17, 0x1p-14, 0x1p-11, 0x1p-8,
                                              0x1p-5,  0x1p-2,  0x1p1,   0x1p4,   0x1p7,   0x1p10,  0x1p13,  0x1p16};

struct GradientSample {
  double time = 0;                         // Unix, seconds
  std::uint64_t step = 0;                  // from 1
  double loss_scale = 1;                   // the gradients are those of the scaled loss
  int smallest_exponent = -126;            // of the compute precision's normal numbers; -14 for fp16
  std::span<const ExponentCounts> groups;  // in the order of RunStarted::gradient_groups; valid during the event
};

inline std::uint64_t elements(const ExponentCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

// The fraction of finite nonzero elements below the compute precision's normal numbers ("tiny" in IEEE 754): these lose
// bits, and smaller ones become 0. Zeros are not counted, since most of them are genuine: unused rows of an embedding,
// dead units. Returns 0 if there are no such elements.
inline double underflow_ratio(const ExponentCounts& counts, int smallest_exponent) {
  const int below = smallest_exponent + exponent_bias;
  std::uint64_t tiny = 0, finite = 0;
  for (std::size_t e = 1; e + 1 < counts.size(); ++e) {
    finite += counts[e];
    if (static_cast<int>(e) < below) tiny += counts[e];
  }
  return finite == 0 ? 0 : static_cast<double>(tiny) / static_cast<double>(finite);
}

// The fraction of all elements that are inf or NaN.
inline double overflow_ratio(const ExponentCounts& counts) {
  const auto all = elements(counts);
  return all == 0 ? 0 : static_cast<double>(counts.back()) / static_cast<double>(all);
}

}  // namespace binade::host
