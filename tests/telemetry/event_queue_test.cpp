// The queue between the training thread and one logger.
#include "host/telemetry/loggers/event_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/step_record.h"

namespace binade::host {
namespace {

std::uint64_t step_of(const Event& event) { return std::get<StepRecord>(event.record).step; }

TEST(EventQueue, HandsOutEventsInOrder) {
  EventQueue queue(3);
  for (std::uint64_t number = 1; number <= 10; ++number) {
    ASSERT_TRUE(queue.push(static_cast<double>(number), step_record(number)));
    ASSERT_NE(queue.front(), nullptr);
    EXPECT_EQ(step_of(*queue.front()), number);
    EXPECT_EQ(queue.front()->time, static_cast<double>(number));
    queue.pop();
  }
  EXPECT_EQ(queue.front(), nullptr);
}

TEST(EventQueue, RefusesTheNewEventWhenFull) {
  EventQueue queue(2);
  EXPECT_TRUE(queue.push(0, step_record(1)));
  EXPECT_TRUE(queue.push(0, step_record(2)));
  EXPECT_FALSE(queue.push(0, step_record(3)));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(step_of(*queue.front()), 1u);
}

TEST(EventQueue, HasRoomForTheRunsStartAndEndWhenFull) {
  EventQueue queue(1);
  EXPECT_TRUE(queue.push(0, RunStarted{}, true));
  EXPECT_FALSE(queue.push(0, step_record(1))) << "the start has taken the only place";
  EXPECT_TRUE(queue.push(0, RunEnded{}, true));
  EXPECT_EQ(queue.size(), 2u);
}

TEST(EventQueue, KeepsAnEventsPlaceUntilItIsPopped) {
  EventQueue queue(1);
  EXPECT_TRUE(queue.push(0, step_record(1)));
  EXPECT_NE(queue.front(), nullptr);
  EXPECT_FALSE(queue.push(0, step_record(2)));
  queue.pop();
  EXPECT_TRUE(queue.push(0, step_record(3)));
}

TEST(EventQueue, LosesNothingBetweenTwoProducersAndAConsumer) {
  EventQueue queue(64);
  constexpr std::uint64_t each = 20000;
  const auto produce = [&] {
    for (std::uint64_t number = 1; number <= each; ++number) {
      while (!queue.push(0, step_record(number))) std::this_thread::yield();
    }
  };
  std::thread first(produce);
  std::thread second(produce);
  std::uint64_t sum = 0;
  for (std::uint64_t taken = 0; taken < 2 * each;) {
    const Event* event = queue.front();
    if (event == nullptr) {
      std::this_thread::yield();
      continue;
    }
    sum += step_of(*event);
    queue.pop();
    ++taken;
  }
  first.join();
  second.join();
  EXPECT_EQ(sum, each * (each + 1));
  EXPECT_EQ(queue.size(), 0u);
}

}  // namespace
}  // namespace binade::host
