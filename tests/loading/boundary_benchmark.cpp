// What the boundary costs: calls of each kind by the table, by the host's copy of it, and with what the host adds to
// each call (an error sink, the mark of who is called, counts and times). The plugins do nothing.
#include <benchmark/benchmark.h>

#include "binade/abi/dataset.h"
#include "binade/abi/logger.h"
#include "binade/abi/model.h"
#include "binade/abi/precision.h"
#include "host/loading/open_plugin.h"
#include "host/loading/plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

template <class Table>
struct Kind;
template <>
struct Kind<binade_dataset_table> {
  static std::int32_t call(const binade_dataset_table& table, binade_error* error) {
    const binade_read request{sizeof(request), 0, nullptr, 0, 0, 0, 1, 0, nullptr, 0};
    return table.read(nullptr, &request, error);
  }
};
template <>
struct Kind<binade_precision_table> {
  static std::int32_t call(const binade_precision_table& table, binade_error* error) {
    const binade_outcome outcome{sizeof(outcome), 0, 1, 1, 1, 1, nullptr};
    binade_decision decision{sizeof(decision), 1, 1};
    return table.update(nullptr, &outcome, &decision, error);
  }
};
template <>
struct Kind<binade_logger_table> {
  static std::int32_t call(const binade_logger_table& table, binade_error* error) {
    binade_step_event event{};
    event.event = {sizeof(event), BINADE_EVENT_STEP, 0};
    return table.write(nullptr, &event.event, error);
  }
};
template <>
struct Kind<binade_model_table> {
  static std::int32_t call(const binade_model_table& table, binade_error* error) {
    return table.forward(nullptr, nullptr, 0, nullptr, error);
  }
};

template <class Table>
Plugin plugin() {
  const char* name = std::is_same_v<Table, binade_dataset_table>     ? "idle_dataset"
                     : std::is_same_v<Table, binade_precision_table> ? "idle_precision"
                     : std::is_same_v<Table, binade_logger_table>    ? "idle_logger"
                                                                     : "idle_model";
  return open_plugin(read_plugin_file(fixture(std::string("idle/") + name)), nullptr);
}

template <class Table>
void by_the_table(benchmark::State& state) {
  const auto opened = plugin<Table>();
  const auto table = opened.template table<Table>();
  ErrorSink sink;
  for (auto _ : state) benchmark::DoNotOptimize(Kind<Table>::call(table, sink.error()));
}

template <class Table>
void by_the_host(benchmark::State& state) {
  static const auto opened = plugin<Table>();
  static const auto table = opened.template table<Table>();
  for (auto _ : state) {
    opened.call("call", [&](binade_error* error) { return Kind<Table>::call(table, error); });
  }
}

BENCHMARK(by_the_table<binade_dataset_table>);
BENCHMARK(by_the_host<binade_dataset_table>);
BENCHMARK(by_the_host<binade_dataset_table>)->Threads(2);
BENCHMARK(by_the_table<binade_precision_table>);
BENCHMARK(by_the_host<binade_precision_table>);
BENCHMARK(by_the_table<binade_logger_table>);
BENCHMARK(by_the_host<binade_logger_table>);
BENCHMARK(by_the_table<binade_model_table>);
BENCHMARK(by_the_host<binade_model_table>);

void a_counter(benchmark::State& state) {
  MetricDeclaration rows;
  rows.name = "rows";
  rows.type = PluginMetricType::counter;
  PluginMetrics metrics({rows});
  auto* series = metrics.find("rows", nullptr, 0);
  for (auto _ : state) metrics.add(series, 1);
}
BENCHMARK(a_counter);

void the_clock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(the_clock);

}  // namespace
}  // namespace binade::host

BENCHMARK_MAIN();
