// Runs one logger on its own thread, behind a queue, so that training does not suffer if it is slow, throws or hangs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "host/events/events.h"
#include "host/telemetry/loggers/abi_events.h"
#include "host/telemetry/loggers/logger.h"
#include "host/telemetry/loggers/logger_counts.h"

namespace binade::host {

class LoggerThread : public RunListener {
 public:
  // Writes a line to the host's log. Called on the logger's thread and in close(), never after close().
  using Log = std::function<void(int level, const std::string& text)>;  // level: BINADE_LOG_*

  // `name` is used in messages. The queue holds at most `capacity` events; further ones are dropped, except the run's
  // start and end. After five failures in a row the logger is paused, and events are dropped, for `pause`; then one
  // event tests whether it works again. Main thread.
  LoggerThread(std::string name, std::unique_ptr<EventSink> sink, RunDescription run, std::size_t capacity, Log log,
               std::chrono::steady_clock::duration pause = std::chrono::seconds(30));
  ~LoggerThread() override;  // main thread; calls close() with the default limit if necessary

  // Any thread. These never wait for the logger.
  void run_started(const RunStarted& record) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void message(int level, std::string_view text) noexcept override;
  void run_ended(const RunEnded& record) noexcept override;

  // Main thread. Must not be followed by events. The logger writes the queued events and flushes until `deadline`; then
  // its thread is abandoned and the rest counted as dropped. An abandoned logger is never destroyed, because its thread
  // may still be using it.
  void request_stop() noexcept;
  void close(std::chrono::steady_clock::time_point deadline) noexcept;

  // The result may be called on any thread, and after this object has been destroyed.
  std::function<LoggerCounts()> counts() const;

  static constexpr std::chrono::seconds drain_limit{5};

 private:
  struct State;

  template <class Record>
  void push(double time, const Record& record, bool reserved) noexcept;

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace binade::host
