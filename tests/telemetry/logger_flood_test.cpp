// A million events for loggers that are slow, fail or hang: all must be counted, and none may stay in memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "host/telemetry/loggers/logger_thread.h"
#include "recording_sink.h"
#include "tests/sanitized.h"
#include "tests/support/campaign.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

double resident_megabytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

std::unique_ptr<LoggerThread> logger(std::function<void()> at_each, std::chrono::steady_clock::duration pause) {
  return std::make_unique<LoggerThread>(
      "probe", std::make_unique<CallingSink>(std::move(at_each)), RunDescription{}, 1024,
      [](int, const std::string&) {}, pause);
}

TEST(LoggerFlood, EveryEventIsCountedOnceAndMemoryStaysAsItIs) {
  Campaign campaign("logger-events", 30000, 1000000);
  Gate gate;
  std::uint64_t failures = 0, slow_writes = 0;  // the loggers' threads' own until they ended
  const std::unique_ptr<LoggerThread> loggers[] = {
      logger([&] { gate.pass(); }, std::chrono::hours(1)),
      logger(
          [&] {
            ++slow_writes;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a thousand times what a step takes here
          },
          std::chrono::hours(1)),
      logger(
          [&] {
            ++failures;
            throw std::runtime_error("always");
          },
          std::chrono::milliseconds(1)),
      logger([] {}, std::chrono::hours(1))};
  auto record = step_record();
  std::uint64_t events = 0;
  double before = 0;
  while (campaign.next()) {
    if (events == 5000) before = resident_megabytes();  // the queues have been full once
    record.step = ++events;
    for (const auto& one : loggers) one->step(record);
  }
  const double grown = resident_megabytes() - before;
  gate.open();
  for (const auto& one : loggers) one->close(std::chrono::steady_clock::now() + std::chrono::minutes(5));
  std::uint64_t seen[4][3];
  for (int i = 0; i < 4; ++i) {
    const auto counts = loggers[i]->counts()();
    EXPECT_EQ(counts.written + counts.dropped + counts.failed, events) << i;
    EXPECT_EQ(counts.queue_length, 0u);
    seen[i][0] = counts.written;
    seen[i][1] = counts.dropped;
    seen[i][2] = counts.failed;
  }
  EXPECT_EQ(seen[0][0], 1024u) << "what fitted into the queue of the one that hung";
  EXPECT_EQ(seen[1][0], slow_writes);
  EXPECT_GT(seen[1][1], 0u);
  EXPECT_EQ(seen[2][0], 0u);
  EXPECT_EQ(seen[2][2], failures);
  if (sanitized) {
    std::puts("skipped: growth of memory, since sanitizers keep what was freed");
  } else {
    EXPECT_LT(grown, 4) << "megabytes";
  }
  campaign.count("written by the slow one", seen[1][0]);
  campaign.count("dropped by the slow one", seen[1][1]);
  campaign.count("failed at the one that throws", seen[2][2]);
  campaign.count("dropped by the one that throws", seen[2][1]);
}

}  // namespace
}  // namespace binade::host
