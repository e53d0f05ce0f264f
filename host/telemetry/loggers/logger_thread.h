// One logger behind its queue, on a thread of its own: it may be slow, throw or hang without the training noticing.
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
  // A line for the host's log. Called on the logger's thread and in close(), never after close().
  using Log = std::function<void(int level, const std::string& text)>;  // level: BINADE_LOG_*

  // `name` stands in messages. At most `capacity` events wait; what comes then is dropped, but for the run's start and
  // end. After five failures in a row the logger is left alone, and what comes is dropped, for `pause`; then one event
  // tries whether it works again. Main thread.
  LoggerThread(std::string name, std::unique_ptr<EventSink> sink, RunDescription run, std::size_t capacity, Log log,
               std::chrono::steady_clock::duration pause = std::chrono::seconds(30));
  ~LoggerThread() override;  // main thread; close() with the default limit when that was not called

  // Any thread. Never wait for the logger.
  void run_started(const RunStarted& record) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void message(int level, std::string_view text) noexcept override;
  void run_ended(const RunEnded& record) noexcept override;

  // Main thread: no events after this. The logger writes what waits, and flushes, until `deadline`; then its thread is
  // abandoned, and the rest counted as dropped. An abandoned logger is never destroyed: its thread may still be in it.
  void request_stop() noexcept;
  void close(std::chrono::steady_clock::time_point deadline) noexcept;

  // May be called on any thread, and after this object's end.
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
