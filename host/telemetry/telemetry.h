// Combines all listeners of a run into one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/telemetry/loggers/logger_thread.h"
#include "host/telemetry/run_metrics.h"

namespace binade::host {

class Telemetry : public RunListener {
 public:
  static constexpr std::size_t queue_capacity = 1024;

  // `metrics` is nullptr if metrics are disabled. `others` receive every event before the loggers do, and must outlive
  // this. `log` receives messages about loggers, on any thread, until close() returns.
  Telemetry(std::shared_ptr<Metrics> metrics, std::vector<RunListener*> others, LoggerThread::Log log);
  ~Telemetry() override;  // closes

  // Must be called before the run starts. `plugin` is the plugin's id; a second logger of the same plugin is named
  // "<plugin>_2" in the metrics.
  void add_logger(const std::string& plugin, std::unique_ptr<EventSink> sink, const RunDescription& run,
                  std::size_t capacity = queue_capacity);

  void run_started(const RunStarted& record) noexcept override;
  void state_changed(RunState state) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void gradients_sampled(const GradientSample& sample) noexcept override;
  void device_memory_sampled(const DeviceMemoryRecord& record) noexcept override;
  void epoch_ended(const EpochRecord& record) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void checkpoint_begins() noexcept override;
  void checkpoint_ended(const CheckpointRecord& record) noexcept override;
  void message(int level, std::string_view text) noexcept override;
  void run_ended(const RunEnded& record) noexcept override;

  // Must be called after the last event. The loggers write their queued events concurrently, for at most
  // LoggerThread::drain_limit. Their counts stay in the metrics. Main thread.
  void close() noexcept;

 private:
  std::shared_ptr<Metrics> metrics_;
  std::vector<RunListener*> listeners_;
  LoggerThread::Log log_;
  std::vector<std::unique_ptr<LoggerThread>> loggers_;
  std::vector<std::string> logger_plugins_;
};

}  // namespace binade::host
