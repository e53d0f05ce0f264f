// The cost of telemetry per step on the training thread.
#include <benchmark/benchmark.h>
#include <prometheus/metric_family.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "host/telemetry/telemetry.h"
#include "recording_sink.h"
#include "tests/support/step_record.h"

namespace binade::host {
namespace {

class NoSink : public EventSink {
 public:
  void write(const binade_event& event) override { benchmark::DoNotOptimize(&event); }
  void flush() override {}
};

std::shared_ptr<Metrics> make_metrics() {
  RunIdentity run;
  run.run_id = "benchmark";
  auto metrics = std::make_shared<Metrics>(run);
  RunStarted started;
  started.device = "cpu";
  started.dynamic_scaling = true;
  started.scalar_names = {"a", "b"};
  metrics->run_started(started);
  return metrics;
}

StepRecord make_step() {
  auto record = step_record(0);
  record.phase_seconds.fill(0.003);
  record.scalars = {1, 2};
  record.scalar_count = 2;
  return record;
}

void metrics_step(benchmark::State& state) {
  const auto metrics = make_metrics();
  auto record = make_step();
  for (auto _ : state) {
    ++record.step;
    metrics->step(record);
  }
}
BENCHMARK(metrics_step);

void metrics_step_while_scraped(benchmark::State& state) {
  const auto metrics = make_metrics();
  std::atomic<bool> stop{false};
  std::thread scraper([&] {
    while (!stop) benchmark::DoNotOptimize(metrics->Collect());
  });
  auto record = make_step();
  for (auto _ : state) {
    ++record.step;
    metrics->step(record);
  }
  stop = true;
  scraper.join();
}
BENCHMARK(metrics_step_while_scraped);

// [metrics] enabled = false, without loggers.
void telemetry_step_off(benchmark::State& state) {
  Telemetry telemetry(nullptr, {}, [](int, const std::string&) {});
  auto record = make_step();
  for (auto _ : state) {
    ++record.step;
    telemetry.step(record);
  }
}
BENCHMARK(telemetry_step_off);

// Steps in a row, as few as fit into half a queue, and a rest in which the loggers' threads empty it.
void telemetry_step(benchmark::State& state) {
  constexpr int steps_in_a_row = 400;
  Telemetry telemetry(make_metrics(), {}, [](int, const std::string&) {});
  for (int i = 0; i < state.range(0); ++i) telemetry.add_logger("none", std::make_unique<NoSink>(), {});
  auto record = make_step();
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps_in_a_row; ++i) {
      ++record.step;
      telemetry.step(record);
    }
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(duration.count() / steps_in_a_row);
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
  }
}
BENCHMARK(telemetry_step)->ArgName("loggers")->Arg(0)->Arg(2)->Iterations(30)->UseManualTime();

// One step after work that has evicted the caches, as in training.
void telemetry_step_with_cold_caches(benchmark::State& state) {
  Telemetry telemetry(make_metrics(), {}, [](int, const std::string&) {});
  for (int i = 0; i < state.range(0); ++i) telemetry.add_logger("none", std::make_unique<NoSink>(), {});
  std::vector<std::uint64_t> work(4 << 20);
  auto record = make_step();
  for (auto _ : state) {
    for (auto& number : work) ++number;
    ++record.step;
    const auto start = std::chrono::steady_clock::now();
    telemetry.step(record);
    const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(duration.count());
  }
}
BENCHMARK(telemetry_step_with_cold_caches)->ArgName("loggers")->Arg(0)->Arg(2)->Iterations(300)->UseManualTime();

void telemetry_step_into_full_queues(benchmark::State& state) {
  Telemetry telemetry(make_metrics(), {}, [](int, const std::string&) {});
  for (int i = 0; i < 2; ++i) telemetry.add_logger("none", std::make_unique<NoSink>(), {});
  auto record = make_step();
  for (auto _ : state) {
    ++record.step;
    telemetry.step(record);
  }
}
BENCHMARK(telemetry_step_into_full_queues);

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Pairs of steps of about 200 us, without a logger and with loggers that hang, are a thousand times slower than the
// steps, or throw. `percent` is their cost for the median step.
void step_beside_bad_loggers(benchmark::State& state) {
  std::promise<void> release;
  Telemetry alone(make_metrics(), {}, [](int, const std::string&) {});
  Telemetry beside(make_metrics(), {}, [](int, const std::string&) {});
  const std::function<void()> bad[] = {[future = release.get_future().share()] { future.wait(); },
                                       [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); },
                                       [] { throw std::runtime_error("always"); }};
  for (const auto& each : bad) beside.add_logger("bad", std::make_unique<CallingSink>(each), {});
  std::vector<std::uint64_t> work(1 << 17);
  auto record = make_step();
  const auto seconds = [&](Telemetry& telemetry) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) {
      for (auto& number : work) number = number * 3 + 1;
      benchmark::DoNotOptimize(work.data());
    }
    ++record.step;
    telemetry.step(record);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::vector<double> without, with;
  for (auto _ : state) {
    without.push_back(seconds(alone));
    with.push_back(seconds(beside));
  }
  state.counters["percent"] = (median(with) / median(without) - 1) * 100;
  state.counters["step_us"] = median(without) * 1e6;
  release.set_value();
}
BENCHMARK(step_beside_bad_loggers)->Iterations(20000);

void scrape(benchmark::State& state) {
  const auto metrics = make_metrics();
  for (auto _ : state) benchmark::DoNotOptimize(metrics->Collect());
}
BENCHMARK(scrape);

}  // namespace
}  // namespace binade::host
