// A bounded queue of events between the training thread and one logger's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "host/events/events.h"

namespace binade::host {

struct MessageRecord {
  int level = 0;  // BINADE_LOG_*
  std::string text;
};

struct Event {
  double time = 0;  // Unix, seconds
  std::variant<std::monostate, RunStarted, StepRecord, EvaluationRecord, MessageRecord, RunEnded> record;
};

// Any number of producers, one consumer. A producer never waits for the consumer. Pushing a step does not allocate.
class EventQueue {
 public:
  explicit EventQueue(std::size_t capacity);

  // Returns false, dropping the event, if the queue is full. `reserved` events (the run's start and end) may use two
  // additional slots.
  template <class Record>
  bool push(double time, const Record& record, bool reserved = false) {
    const std::lock_guard lock(producers_);
    const auto tail = tail_.load(std::memory_order_relaxed);
    const auto waiting = tail - head_.load(std::memory_order_acquire);
    if (waiting >= (reserved ? slots_.size() : capacity())) return false;
    Event& slot = slots_[tail % slots_.size()];
    slot.time = time;
    slot.record = record;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // The oldest event, or nullptr. It stays in the queue until pop(). Consumer only.
  const Event* front() const;
  void pop();

  // Any thread.
  std::size_t size() const;
  std::size_t capacity() const { return slots_.size() - reserved_places; }

 private:
  static constexpr std::size_t reserved_places = 2;

  std::vector<Event> slots_;
  std::mutex producers_;
  std::atomic<std::uint64_t> head_{0};  // events taken
  std::atomic<std::uint64_t> tail_{0};  // events pushed
};

}  // namespace binade::host
