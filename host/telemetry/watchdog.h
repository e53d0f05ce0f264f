// Detects hangs: of a phase of the training thread, or of a plugin call on any thread.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/events/progress.h"
#include "host/loading/plugin_metrics.h"

namespace binade::host {

// Limits in seconds; 0 means no limit.
struct WatchdogLimits {
  std::array<double, activity_count> activities{};
  double plugin_call = 0;
};

struct WatchedPlugin {
  std::string id, version, kind;
  std::shared_ptr<const CallTimes> calls;
};

struct Hang {
  Progress::Reading at;  // state of the training thread at detection
  std::string text;      // what hangs, for how long, and which key sets the limit
};

// Measures time by polling, so that the watched code need not read a clock.
class HangDetector {
 public:
  // `progress` must outlive this.
  HangDetector(const WatchdogLimits& limits, const Progress& progress, std::vector<WatchedPlugin> plugins);

  // `seconds` is the time since the last call. Must be called from one thread only.
  std::optional<Hang> look(double seconds);

 private:
  struct Seen {
    std::uint64_t number = 0;
    double seconds = 0;
  };

  std::optional<Hang> look_at_calls(const Progress::Reading& reading, double seconds);
  std::string calls_under_way() const;

  WatchdogLimits limits_;
  const Progress& progress_;
  std::vector<WatchedPlugin> plugins_;
  Seen activity_;
  std::vector<std::array<Seen, CallTimes::max_under_way>> calls_;  // by plugin
};

// A thread that polls four times a second.
class Watchdog {
 public:
  using Alarm = std::function<void(const Hang&)>;

  // `alarm` is called at most once, on the watchdog's thread. It must finish within limit + 2 s, of which the watchdog
  // itself uses half a second. Time for which the whole process was suspended (by a debugger or a suspended machine)
  // does not count.
  Watchdog(HangDetector detector, Alarm alarm);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();

  HangDetector detector_;
  Alarm alarm_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace binade::host
