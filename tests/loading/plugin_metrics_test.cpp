// What a plugin may do with its metrics, and how its calls are timed.
#include "host/loading/plugin_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <thread>

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

binade_string text(std::string_view view) { return {view.data(), view.size()}; }

class PluginMetricsTest : public testing::Test {
 protected:
  binade_series* find(std::string_view metric, std::vector<std::pair<std::string_view, std::string_view>> labels = {}) {
    std::vector<binade_label> listed;
    for (const auto& [name, value] : labels) listed.push_back({text(name), text(value)});
    return metrics_.find(metric, listed.data(), listed.size());
  }

  // metric{values}: value, or the counts of a histogram and its sum.
  std::map<std::string, std::vector<double>> read() const {
    std::map<std::string, std::vector<double>> all;
    metrics_.read([&](const PluginMetrics::Reading& reading) {
      auto name = reading.metric.name;
      for (const auto& value : reading.label_values) name += " " + value;
      if (reading.metric.type == PluginMetricType::histogram)
        all[name].assign(reading.counts.begin(), reading.counts.end());
      all[name].push_back(reading.value);
    });
    return all;
  }

  const double nan_ = std::numeric_limits<double>::quiet_NaN(), infinity_ = std::numeric_limits<double>::infinity();
  PluginMetrics metrics_{{{"rows", PluginMetricType::counter, "Help.", {{"why", {"a", "b"}}, {"split", {"train"}}}, {}},
                          {"level", PluginMetricType::gauge, "Help.", {}, {}},
                          {"size", PluginMetricType::histogram, "Help.", {}, {1, 10}}}};
};

TEST_F(PluginMetricsTest, HasEverySeriesFromTheStart) {
  EXPECT_THAT(read(), ElementsAre(testing::Pair("level", ElementsAre(0)), testing::Pair("rows a train", ElementsAre(0)),
                                  testing::Pair("rows b train", ElementsAre(0)),
                                  testing::Pair("size", ElementsAre(0, 0, 0, 0))));
}

TEST_F(PluginMetricsTest, CountsSetsAndObserves) {
  metrics_.add(find("rows", {{"split", "train"}, {"why", "b"}}), 2.5);
  metrics_.set(find("level"), 7);
  metrics_.add(find("level"), -1);
  for (const double value : {0.5, 1.0, 5.0, 11.0}) metrics_.observe(find("size"), value);
  auto now = read();
  EXPECT_THAT(now["rows a train"], ElementsAre(0));
  EXPECT_THAT(now["rows b train"], ElementsAre(2.5));
  EXPECT_THAT(now["level"], ElementsAre(6));
  EXPECT_THAT(now["size"], ElementsAre(2, 1, 1, 17.5)) << "a bound belongs to its bucket";
  EXPECT_EQ(metrics_.rejected(), 0U);
}

TEST_F(PluginMetricsTest, RefusesAndCountsWhatIsNotDeclared) {
  EXPECT_EQ(find("lines"), nullptr);
  EXPECT_EQ(find("rows"), nullptr);
  EXPECT_EQ(find("rows", {{"why", "a"}}), nullptr) << "a label is missing";
  EXPECT_EQ(find("rows", {{"why", "c"}, {"split", "train"}}), nullptr);
  EXPECT_EQ(find("rows", {{"why", "a"}, {"why", "a"}}), nullptr);
  EXPECT_EQ(find("level", {{"why", "a"}}), nullptr);
  EXPECT_EQ(metrics_.rejected(), 6U);
  metrics_.add(nullptr, 1);
  EXPECT_EQ(metrics_.rejected(), 6U) << "once is enough";
}

TEST_F(PluginMetricsTest, RefusesAndCountsWhatDoesNotFit) {
  auto* counter = find("rows", {{"why", "a"}, {"split", "train"}});
  auto *gauge = find("level"), *histogram = find("size");
  for (const double value : {-1.0, nan_, infinity_}) metrics_.add(counter, value);
  metrics_.set(counter, 1);
  metrics_.observe(counter, 1);
  metrics_.observe(gauge, 1);
  metrics_.add(histogram, 1);
  for (const double value : {nan_, infinity_}) metrics_.observe(histogram, value);
  EXPECT_EQ(metrics_.rejected(), 9U);
  for (const auto& [name, values] : read()) {
    for (const double value : values) EXPECT_EQ(value, 0) << name;
  }
}

TEST_F(PluginMetricsTest, RefusesHandlesThatAreNotItsOwn) {
  int elsewhere = 0;
  metrics_.set(reinterpret_cast<binade_series*>(&elsewhere), 1);
  metrics_.set(reinterpret_cast<binade_series*>(reinterpret_cast<char*>(find("level")) + 1), 1);
  EXPECT_EQ(metrics_.rejected(), 2U);
}

TEST_F(PluginMetricsTest, LosesNothingWhenThreadsCountAtOnce) {
  auto* counter = find("rows", {{"why", "a"}, {"split", "train"}});
  auto* histogram = find("size");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 5000; ++n) {
        metrics_.add(counter, 1);
        metrics_.observe(histogram, 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(read()["rows a train"], ElementsAre(20000));
  EXPECT_THAT(read()["size"], ElementsAre(20000, 0, 0, 20000));
}

void call(CallTimes& times, const char* name, int often = 1) {
  for (int i = 0; i < often; ++i) const CallTimes::Mark mark(&times, name);
}

TEST(CallTimes, AddsUpEachCallByItsName) {
  CallTimes times;
  EXPECT_THAT(times.read(), IsEmpty());
  const std::string same = "read";  // another pointer, the same name
  call(times, "read");
  call(times, "measure");
  call(times, same.c_str());
  const auto readings = times.read();
  ASSERT_THAT(readings, SizeIs(2));
  EXPECT_STREQ(readings[0].call, "read");
  EXPECT_EQ(readings[0].count, 2U);
  EXPECT_GT(readings[0].seconds, 0);
  EXPECT_EQ(readings[1].count, 1U);
}

TEST(CallTimes, KnowsWhichThreadIsInWhichCall) {
  CallTimes times;
  EXPECT_EQ(times.call_of(gettid()), nullptr);
  const CallTimes::Mark mine(&times, "read");
  std::thread([&] {
    EXPECT_EQ(times.call_of(gettid()), nullptr);
    const CallTimes::Mark other(&times, "write");
    EXPECT_STREQ(times.call_of(gettid()), "write");
  }).join();
  EXPECT_STREQ(times.call_of(gettid()), "read");
}

TEST(CallTimes, CountEveryCallOfEveryThread) {
  CallTimes times;
  constexpr int threads = 8, calls = 20'000;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back([&] { call(times, "read", calls); });
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(times.read().front().count, std::uint64_t{threads} * calls);
}

// The fast ones that were not timed are in the sum as well.
TEST(CallTimes, SumIsThatOfAllCallsAlthoughFewAreTimed) {
  std::atomic<int> work{0};
  // Where other work is on the processor meanwhile, a call that is timed counts for sixteen times that: a sum that is
  // wrong never comes near, and one that is right does as soon as the thread is let alone for some milliseconds.
  constexpr int attempts = 10'000;
  bool near = false;
  for (int attempt = 0; attempt < attempts && !near; ++attempt) {
    CallTimes times;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 2'000; ++i) {
      const CallTimes::Mark mark(&times, "read");
      for (int k = 0; k < 200; ++k) work.fetch_add(1);
    }
    const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
    const auto reading = times.read().front();
    ASSERT_EQ(reading.count, 2'000U);
    near = reading.seconds > all.count() / 2 && reading.seconds < all.count() * 2;  // one in sixteen alone is less
  }
  EXPECT_TRUE(near);
}

TEST(CallTimes, StopsAtSomeNames) {
  static const std::array<std::string, CallTimes::max_calls + 3> names = [] {
    std::array<std::string, CallTimes::max_calls + 3> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = std::to_string(i);
    return made;
  }();
  CallTimes times;
  for (const auto& name : names) call(times, name.c_str());
  EXPECT_THAT(times.read(), SizeIs(CallTimes::max_calls));
}

}  // namespace
}  // namespace binade::host
