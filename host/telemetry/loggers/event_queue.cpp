// The consumer's part of the queue.
#include "host/telemetry/loggers/event_queue.h"

namespace binade::host {

EventQueue::EventQueue(std::size_t capacity) : slots_(capacity + reserved_places) {}

const Event* EventQueue::front() const {
  const auto head = head_.load(std::memory_order_relaxed);
  if (head == tail_.load(std::memory_order_acquire)) return nullptr;
  return &slots_[head % slots_.size()];
}

void EventQueue::pop() { head_.fetch_add(1, std::memory_order_release); }

std::size_t EventQueue::size() const {
  // Read the head first: in the other order, the head could overtake the tail that was read.
  const auto head = head_.load(std::memory_order_acquire);
  return tail_.load(std::memory_order_acquire) - head;
}

}  // namespace binade::host
