// What became of a logger's events.
#pragma once

#include <cstdint>

namespace binade::host {

// Every event that came is in exactly one of written, dropped, failed or the queue.
struct LoggerCounts {
  std::uint64_t written = 0;  // write() succeeded
  std::uint64_t dropped = 0;  // the queue was full, the logger left alone, or its thread abandoned at the end
  std::uint64_t failed = 0;   // write() failed
  std::uint64_t queue_length = 0;
  std::uint64_t queue_capacity = 0;
  std::uint64_t failed_flushes = 0;
  bool enabled = true;     // false: left alone for a while after failures in a row
  bool abandoned = false;  // true: its thread did not end in time
};

}  // namespace binade::host
