// Compares validation losses.
#pragma once

#include <cmath>

namespace binade::host {

// True if `loss` is lower than `reference`. A NaN or infinite loss is never lower, and every finite loss is lower than
// a NaN or infinite reference.
inline bool is_lower(double loss, double reference) {
  return std::isfinite(loss) && (!std::isfinite(reference) || loss < reference);
}

}  // namespace binade::host
