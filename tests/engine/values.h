// Values that many tests of the engine use.
#pragma once

#include <c10/core/Device.h>

#include <limits>

namespace binade::host {

inline const c10::Device cpu(c10::kCPU);
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace binade::host
