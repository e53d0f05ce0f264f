// Counts a logger's events by outcome.
#pragma once

#include <cstdint>

namespace binade::host {

// Every event is counted in exactly one of written, dropped, failed and queue_length.
struct LoggerCounts {
  std::uint64_t written = 0;  // write() succeeded
  std::uint64_t dropped = 0;  // the queue was full, the logger paused, or its thread abandoned at the end
  std::uint64_t failed = 0;   // write() failed
  std::uint64_t queue_length = 0;
  std::uint64_t queue_capacity = 0;
  std::uint64_t failed_flushes = 0;
  bool enabled = true;     // false while paused after consecutive failures
  bool abandoned = false;  // true if its thread did not end in time
};

}  // namespace binade::host
