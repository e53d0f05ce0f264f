// The resource usage of this process, as reported by Linux.
#pragma once

#include <optional>

namespace binade::host {

struct ProcessUsage {
  double cpu_seconds = 0;  // user and system
  double resident_bytes = 0;
  double start_time = 0;  // Unix, seconds
  double open_fds = 0;
  double max_fds = 0;
};

// Returns nullopt if /proc cannot be read. Any thread.
std::optional<ProcessUsage> process_usage() noexcept;

}  // namespace binade::host
