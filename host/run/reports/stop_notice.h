// The answer to the first stop signal: at once, with what the run is waiting for.
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

// While it lives, a thread that says so when `signal` is set, once. Only a run that leaves what it is in can end by the
// signal; whoever sent it is told here what that is.
class StopNotice {
 public:
  // `signal` and `progress` outlive it.
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
