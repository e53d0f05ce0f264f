// Two clocks: the time of day for people and dashboards, which may jump, and a monotonic clock for durations.
#pragma once

#include <chrono>

namespace binade::host {

// Seconds since 1970, UTC.
inline double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace binade::host
