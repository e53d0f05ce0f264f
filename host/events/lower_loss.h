// Which of two validation losses is the better one.
#pragma once

#include <cmath>

namespace binade::host {

// Whether `loss` is lower than `reference`, for everything that keeps the best of several. What is NaN or infinite is
// never better, and never a reference: every finite loss is lower than it.
inline bool is_lower(double loss, double reference) {
  return std::isfinite(loss) && (!std::isfinite(reference) || loss < reference);
}

}  // namespace binade::host
