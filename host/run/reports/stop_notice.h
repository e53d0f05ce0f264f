// Answers the first stop signal at once, and says what the run is waiting for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/cli/terminal.h"
#include "host/telemetry/watchdog.h"

namespace binade::host {

// "it is in step 7, data: read() of plugin `waves` 0.1.0 (dataset)"
std::string whereabouts(const Progress& progress, const std::vector<WatchedPlugin>& plugins);

// A thread that logs this once when `signal` is set. The run cannot stop before it leaves what it is in, so whoever
// sent the signal is told what that is.
class StopNotice {
 public:
  // `signal` and `progress` must outlive this.
  StopNotice(const std::atomic<int>& signal, const Progress& progress, std::vector<WatchedPlugin> plugins,
             ColorMode color);
  ~StopNotice();
  StopNotice(const StopNotice&) = delete;
  StopNotice& operator=(const StopNotice&) = delete;

 private:
  void watch(ColorMode color);

  const std::atomic<int>& signal_;
  const Progress& progress_;
  std::vector<WatchedPlugin> plugins_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace binade::host
