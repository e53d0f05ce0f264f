// The counts of loggers that are slow, fail or hang.
#include "host/telemetry/loggers/logger_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "recording_sink.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::chrono::steady_clock::time_point far() { return std::chrono::steady_clock::now() + std::chrono::minutes(5); }

class LoggerThreadTest : public testing::Test {
 protected:
  std::unique_ptr<LoggerThread> make(
      std::size_t capacity, std::function<void()> before_write = [] {},
      std::chrono::steady_clock::duration pause = std::chrono::hours(1)) {
    return std::make_unique<LoggerThread>(
        "probe", std::make_unique<RecordingSink>(recording_, std::move(before_write)), RunDescription{}, capacity,
        [log = log_](int, const std::string& text) { log->add(text); }, pause);
  }
  static void expect_counts(const LoggerThread& logger, std::uint64_t written, std::uint64_t dropped,
                            std::uint64_t failed) {
    const auto counts = logger.counts()();
    EXPECT_EQ(counts.written, written);
    EXPECT_EQ(counts.dropped, dropped);
    EXPECT_EQ(counts.failed, failed);
    EXPECT_EQ(counts.queue_length, 0u);
  }

  std::shared_ptr<Recording> recording_ = std::make_shared<Recording>();
  std::shared_ptr<Recording> log_ = std::make_shared<Recording>();
  Gate gate_;
};

TEST_F(LoggerThreadTest, WritesAllQueuedEventsBeforeItEnds) {
  const auto logger = make(16);
  logger->run_started({});
  logger->step(step_record(1));
  logger->message(BINADE_LOG_INFO, "hello");
  logger->evaluated({});
  logger->run_ended({});
  logger->close(far());
  auto events = recording_->all();
  std::erase(events, "flush");
  EXPECT_THAT(events, ElementsAre("start", "step 1", "message hello", "evaluation", "end", "destroyed"));
  EXPECT_THAT(recording_->all()[recording_->all().size() - 2], "flush") << "it ends with a flush";
  expect_counts(*logger, 5, 0, 0);
}

TEST_F(LoggerThreadTest, DropsExactlyWhatDoesNotFitWhileTheLoggerIsSlow) {
  const auto logger = make(4, [&] { gate_.pass(); });
  logger->run_started({});
  gate_.wait_until_reached();
  for (std::uint64_t number = 1; number <= 10; ++number) logger->step(step_record(number));
  logger->run_ended({});
  const auto counts = logger->counts()();
  EXPECT_EQ(counts.written, 0u);
  EXPECT_EQ(counts.queue_length, 5u) << "the start, three steps and the end, which has a place of its own";
  EXPECT_EQ(counts.dropped, 7u);
  gate_.open();
  logger->close(far());
  auto events = recording_->all();
  std::erase(events, "flush");
  EXPECT_THAT(events, ElementsAre("start", "step 1", "step 2", "step 3", "end", "destroyed"));
  expect_counts(*logger, 5, 7, 0);
}

TEST_F(LoggerThreadTest, CountsAFailedWriteAndContinues) {
  int writes = 0;
  const auto logger = make(100, [&] {
    if (++writes % 2 == 1) throw std::runtime_error("disk full");
  });
  for (std::uint64_t number = 1; number <= 20; ++number) logger->step(step_record(number));
  logger->close(far());
  expect_counts(*logger, 10, 0, 10);
  EXPECT_THAT(log_->all(), ElementsAre(HasSubstr("disk full"))) << "said once";
  EXPECT_TRUE(logger->counts()().enabled);
}

TEST_F(LoggerThreadTest, IsLeftAloneAfterFiveFailuresInARow) {
  const auto logger = make(100, [] { throw 42; });  // NOLINT: what no plugin should throw
  for (std::uint64_t number = 1; number <= 12; ++number) logger->step(step_record(number));
  logger->close(far());
  expect_counts(*logger, 0, 7, 5);
  EXPECT_FALSE(logger->counts()().enabled);
  EXPECT_THAT(log_->all(), ElementsAre(HasSubstr("threw something"), HasSubstr("5 failures in a row")));
}

TEST_F(LoggerThreadTest, IsTriedAgainAfterAPauseAndSaysThatItWorks) {
  std::uint64_t writes = 0;  // the logger's thread's own until it ended
  const auto logger = make(
      100,
      [&] {
        if (++writes <= 7) throw std::runtime_error("the network is down");
      },
      std::chrono::milliseconds(1));
  std::uint64_t number = 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (logger->counts()().written == 0 && std::chrono::steady_clock::now() < give_up) {
    logger->step(step_record(++number));
    std::this_thread::yield();
  }
  logger->close(far());
  const auto counts = logger->counts()();
  EXPECT_TRUE(counts.enabled);
  EXPECT_EQ(counts.failed, 7u) << "five, and one at each of two tries";
  EXPECT_EQ(counts.written, writes - 7);
  EXPECT_EQ(counts.written + counts.dropped + counts.failed, number);
  EXPECT_THAT(log_->all(),
              ElementsAre(HasSubstr("network"), HasSubstr("5 failures in a row"), HasSubstr("working again")));
}

TEST_F(LoggerThreadTest, IsLeftBehindWhenItDoesNotFinishInTime) {
  // The thread outlives this test's objects, as it would in the program.
  auto* gate = new Gate;                  // NOLINT: still in use when the process ends
  static std::vector<void*> left_behind;  // reachable, so that it does not count as a leak
  left_behind.push_back(gate);
  const auto logger = make(8, [gate] { gate->pass(); });
  logger->run_started({});
  gate->wait_until_reached();
  logger->step(step_record(1));
  logger->close(std::chrono::steady_clock::now());
  expect_counts(*logger, 0, 2, 0);
  EXPECT_TRUE(logger->counts()().abandoned);
  EXPECT_THAT(log_->all(), ElementsAre(HasSubstr("2 events are lost")));
  EXPECT_THAT(recording_->all(), ElementsAre()) << "a logger whose thread still runs is not destroyed";
}

TEST_F(LoggerThreadTest, CountsEveryEventOnceWhateverBecomesOfIt) {
  int writes = 0;
  const auto logger = make(8, [&] {
    if (++writes % 3 == 0) throw std::runtime_error("now and then");
  });
  constexpr std::uint64_t each = 5000;
  const auto produce = [&] {
    for (std::uint64_t number = 1; number <= each; ++number) logger->step(step_record(number));
  };
  std::thread first(produce);
  std::thread second(produce);
  first.join();
  second.join();
  logger->close(far());
  const auto counts = logger->counts()();
  EXPECT_EQ(counts.written + counts.dropped + counts.failed, 2 * each);
  EXPECT_EQ(counts.failed, static_cast<std::uint64_t>(writes / 3));
}

}  // namespace
}  // namespace binade::host
