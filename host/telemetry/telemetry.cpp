// Forwards each event to all listeners.
#include "host/telemetry/telemetry.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace binade::host {

Telemetry::Telemetry(std::shared_ptr<Metrics> metrics, std::vector<RunListener*> others, LoggerThread::Log log)
    : metrics_(std::move(metrics)), listeners_(std::move(others)), log_(std::move(log)) {
  if (metrics_) listeners_.insert(listeners_.begin(), metrics_.get());
}

Telemetry::~Telemetry() { close(); }

void Telemetry::add_logger(const std::string& plugin, std::unique_ptr<EventSink> sink, const RunDescription& run,
                           std::size_t capacity) {
  logger_plugins_.push_back(plugin);
  const auto same = std::count(logger_plugins_.begin(), logger_plugins_.end(), plugin);
  const std::string name = same == 1 ? plugin : plugin + "_" + std::to_string(same);
  loggers_.push_back(std::make_unique<LoggerThread>(name, std::move(sink), run, capacity, log_));
  listeners_.push_back(loggers_.back().get());
  if (metrics_) metrics_->watch_logger(name, plugin, loggers_.back()->counts());
}

void Telemetry::run_started(const RunStarted& record) noexcept {
  for (auto* listener : listeners_) listener->run_started(record);
}
void Telemetry::state_changed(RunState state) noexcept {
  for (auto* listener : listeners_) listener->state_changed(state);
}
void Telemetry::step(const StepRecord& record) noexcept {
  for (auto* listener : listeners_) listener->step(record);
}
void Telemetry::gradients_sampled(const GradientSample& sample) noexcept {
  for (auto* listener : listeners_) listener->gradients_sampled(sample);
}
void Telemetry::device_memory_sampled(const DeviceMemoryRecord& record) noexcept {
  for (auto* listener : listeners_) listener->device_memory_sampled(record);
}
void Telemetry::epoch_ended(const EpochRecord& record) noexcept {
  for (auto* listener : listeners_) listener->epoch_ended(record);
}
void Telemetry::evaluated(const EvaluationRecord& record) noexcept {
  for (auto* listener : listeners_) listener->evaluated(record);
}
void Telemetry::checkpoint_begins() noexcept {
  for (auto* listener : listeners_) listener->checkpoint_begins();
}
void Telemetry::checkpoint_ended(const CheckpointRecord& record) noexcept {
  for (auto* listener : listeners_) listener->checkpoint_ended(record);
}
void Telemetry::message(int level, std::string_view text) noexcept {
  for (auto* listener : listeners_) listener->message(level, text);
}
void Telemetry::run_ended(const RunEnded& record) noexcept {
  for (auto* listener : listeners_) listener->run_ended(record);
}

void Telemetry::close() noexcept {
  const auto deadline = std::chrono::steady_clock::now() + LoggerThread::drain_limit;
  for (auto& logger : loggers_) logger->request_stop();
  for (auto& logger : loggers_) logger->close(deadline);
}

}  // namespace binade::host
