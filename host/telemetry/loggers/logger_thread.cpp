// The thread and its counters. The state is shared with the thread, which outlives its owner if it is abandoned.
#include "host/telemetry/loggers/logger_thread.h"

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "host/base/clock.h"
#include "host/telemetry/loggers/event_queue.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

// How often the thread polls the queue. Waking it at every step would dominate the cost of pushing.
constexpr std::chrono::milliseconds period{50};
constexpr std::chrono::seconds flush_period{1};
constexpr int failures_allowed = 5;  // in a row

// Calls `body` and returns the message of its exception, or an empty string.
template <class Body>
std::string failure_of(Body&& body) {
  try {
    body();
    return "";
  } catch (const std::exception& exception) {
    return *exception.what() != '\0' ? exception.what() : "threw an exception without a message";
  } catch (...) {
    return "threw something that is not a std::exception";
  }
}

}  // namespace

struct LoggerThread::State {
  State(std::string logger_name, std::unique_ptr<EventSink> event_sink, RunDescription run, std::size_t capacity,
        Log log_line, Clock::duration pause_after_failures)
      : name(std::move(logger_name)),
        sink(std::move(event_sink)),
        events(std::move(run)),
        log(std::move(log_line)),
        pause(pause_after_failures),
        queue(capacity) {}

  void run();
  bool wait();                                    // returns true in the last round
  bool take_one(const Event& event);              // returns false if abandoned
  bool flush();                                   // returns false if abandoned
  void write_failed(const std::string& message);  // with the mutex held
  void write_succeeded();                         // likewise
  void try_again_after_pause() {
    if (!enabled && Clock::now() - paused_at >= pause) enabled = true;
  }
  void warn(const std::string& text) {  // with the mutex held; a failing log must not end the process
    log_line(BINADE_LOG_WARNING, text);
  }
  void log_line(int level, const std::string& text) {
    static_cast<void>(failure_of([&] { log(level, text); }));
  }
  bool flush_is_due() const { return unflushed && Clock::now() - last_flush >= flush_period; }

  const std::string name;
  std::unique_ptr<EventSink> sink;
  AbiEvents events;
  Log log;
  const Clock::duration pause;
  EventQueue queue;

  std::atomic<std::uint64_t> written{0}, dropped{0}, failed{0}, failed_flushes{0};
  std::atomic<bool> enabled{true}, abandoned{false};

  std::mutex mutex;  // guards stop, finished, abandoned and the accounting of events; producers do not take it
  std::condition_variable wake, end;
  bool stop = false, finished = false;

  // Used by the thread only.
  bool unflushed = false;
  Clock::time_point last_flush{};
  int failures_in_a_row = 0;
  std::uint64_t pauses = 0, recoveries = 0;
  Clock::time_point paused_at{};
};

bool LoggerThread::State::wait() {
  std::unique_lock lock(mutex);
  if (!stop && queue.size() < queue.capacity() / 2) wake.wait_for(lock, period);
  return stop;
}

void LoggerThread::State::run() {
  bool last = false;
  while (!last) {
    last = wait();
    try_again_after_pause();
    for (auto waiting = queue.size(); waiting > 0; --waiting) {
      if (!take_one(*queue.front())) return;
    }
    if ((last || flush_is_due()) && !flush()) return;
  }
  const std::lock_guard lock(mutex);
  finished = true;
  end.notify_all();
}

bool LoggerThread::State::take_one(const Event& event) {
  const bool call = enabled;
  const std::string failure =
      call ? failure_of([&] { events.convert(event, [&](const binade_event& abi) { sink->write(abi); }); }) : "";
  const std::lock_guard lock(mutex);
  if (abandoned) return false;
  queue.pop();
  if (!call) {
    ++dropped;
  } else if (failure.empty()) {
    write_succeeded();
  } else {
    write_failed(failure);
  }
  return true;
}

void LoggerThread::State::write_succeeded() {
  ++written;
  unflushed = true;
  const bool recovered = failures_in_a_row >= failures_allowed;
  failures_in_a_row = 0;
  if (recovered && ++recoveries == 1) log_line(BINADE_LOG_INFO, fmt::format("logger {}: working again", name));
}

void LoggerThread::State::write_failed(const std::string& message) {
  if (++failed == 1) {
    warn(fmt::format("logger {}: {} (reported once; further failures are counted in binade_logger_events_total)", name,
                     message));
  }
  if (++failures_in_a_row < failures_allowed) return;  // after a pause, one more failure starts the next pause
  enabled = false;
  paused_at = Clock::now();
  if (++pauses > 1) return;
  warn(
      fmt::format("logger {}: {} failures in a row: the run continues without it and retries it every {} s; until then "
                  "its events are dropped and counted. Last failure: {}",
                  name, failures_allowed, std::chrono::duration_cast<std::chrono::seconds>(pause).count(), message));
}

bool LoggerThread::State::flush() {
  const std::string failure = enabled ? failure_of([&] { sink->flush(); }) : "";
  const std::lock_guard lock(mutex);
  if (abandoned) return false;
  unflushed = false;
  last_flush = Clock::now();
  if (!failure.empty() && ++failed_flushes == 1) {
    warn(fmt::format("logger {}: {} (reported once)", name, failure));
  }
  return true;
}

LoggerThread::LoggerThread(std::string name, std::unique_ptr<EventSink> sink, RunDescription run, std::size_t capacity,
                           Log log, Clock::duration pause)
    : state_(
          std::make_shared<State>(std::move(name), std::move(sink), std::move(run), capacity, std::move(log), pause)),
      thread_([state = state_] {
        state->run();
        // Only the main thread may destroy a logger, and it has abandoned this one.
        if (state->abandoned) static_cast<void>(state->sink.release());
      }) {}

LoggerThread::~LoggerThread() { close(Clock::now() + drain_limit); }

template <class Record>
void LoggerThread::push(double time, const Record& record, bool reserved) noexcept {
  State& state = *state_;
  try {
    if ((!state.enabled && !reserved) || !state.queue.push(time, record, reserved)) {
      ++state.dropped;
    } else if (state.queue.size() == state.queue.capacity() / 2) {
      state.wake.notify_one();
    }
  } catch (const std::exception&) {  // out of memory
    ++state.dropped;
  }
}

void LoggerThread::run_started(const RunStarted& record) noexcept { push(unix_time(), record, true); }
void LoggerThread::step(const StepRecord& record) noexcept { push(record.time, record, false); }
void LoggerThread::evaluated(const EvaluationRecord& record) noexcept { push(record.time, record, false); }
void LoggerThread::message(int level, std::string_view text) noexcept {
  push(unix_time(), MessageRecord{level, std::string(text)}, false);
}
void LoggerThread::run_ended(const RunEnded& record) noexcept { push(unix_time(), record, true); }

void LoggerThread::request_stop() noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->stop = true;
  state_->wake.notify_one();
}

void LoggerThread::close(Clock::time_point deadline) noexcept {
  if (!thread_.joinable()) return;
  request_stop();
  std::unique_lock lock(state_->mutex);
  if (state_->end.wait_until(lock, deadline, [&] { return state_->finished; })) {
    lock.unlock();
    thread_.join();
    state_->sink.reset();
    return;
  }
  const auto lost = state_->queue.size();
  state_->abandoned = true;
  state_->dropped += lost;
  state_->warn(
      fmt::format("logger {}: did not finish in time and was abandoned; {} events are lost", state_->name, lost));
  lock.unlock();
  thread_.detach();
}

std::function<LoggerCounts()> LoggerThread::counts() const {
  return [state = state_] {
    const bool abandoned = state->abandoned;
    return LoggerCounts{
        state->written,          state->dropped,        state->failed,  abandoned ? 0 : state->queue.size(),
        state->queue.capacity(), state->failed_flushes, state->enabled, abandoned};
  };
}

}  // namespace binade::host
