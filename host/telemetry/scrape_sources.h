// Sources that are polled at every scrape.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/telemetry/device_usage.h"
#include "host/telemetry/loggers/logger_counts.h"
#include "host/telemetry/metric_families.h"

namespace binade::host {

class CallTimes;
class PluginMetrics;

// The process, the machine's GPUs, the loggers' counts, and the plugins' own metrics and call durations. Any thread;
// scrapes are serialized.
class ScrapeSources {
 public:
  // `families` must outlive this.
  ScrapeSources(MetricFamilies& families, std::string run_id);
  ~ScrapeSources();

  // See Metrics.
  void watch_logger(const std::string& label, const std::string& plugin, std::function<LoggerCounts()> counts);
  void watch_plugin(const std::string& id, const std::string& kind, std::shared_ptr<const PluginMetrics> metrics,
                    std::shared_ptr<const CallTimes> call_times);
  void watch_free_space(const std::filesystem::path& folder);
  void watch_devices(std::shared_ptr<const DeviceCollector> devices);

  // The latest reading of the GPUs; empty if they are not watched.
  std::vector<DeviceUsage> devices();

  // Polls all sources and returns all families. Throws std::exception.
  std::vector<prometheus::MetricFamily> collect();

 private:
  struct WatchedLogger;
  struct WatchedPlugin;

  void collect_process();
  void collect_free_space();
  void collect_devices();
  void collect_logger(WatchedLogger& logger);
  void collect_failures(WatchedPlugin& plugin);
  void collect_calls(WatchedPlugin& plugin);

  MetricFamilies& families_;
  const std::string run_id_;
  std::mutex collecting_;
  std::vector<std::unique_ptr<WatchedLogger>> loggers_;
  std::vector<std::unique_ptr<WatchedPlugin>> plugins_;
  std::filesystem::path folder_;                    // empty if its disk is not watched
  std::shared_ptr<const DeviceCollector> devices_;  // nullptr if they are not watched
};

}  // namespace binade::host
