// What the host adds to a step: TrainStep beside a bare loop over the same calls, taking turns.
#include <benchmark/benchmark.h>

#include "tests/engine/heap_allocations.h"
#include "tests/engine/tiny_training.h"

namespace binade::host::testing {
namespace {

template <class Step>
void measure(benchmark::State& state, Step step) {
  TinyTraining training;
  for (int warm_up = 0; warm_up < 200; ++warm_up) step(training);
  const auto before = heap_allocations();
  for (auto _ : state) step(training);
  state.counters["allocations"] =
      static_cast<double>(heap_allocations() - before) / static_cast<double>(state.iterations());
}

void train_step(benchmark::State& state) {
  measure(state, [](TinyTraining& training) { training.step(); });
}
void bare_loop(benchmark::State& state) {
  measure(state, [](TinyTraining& training) { benchmark::DoNotOptimize(training.bare_step()); });
}

// Ten times 10,000 steps of each, in random order (--benchmark_enable_random_interleaving=true).
BENCHMARK(train_step)->Iterations(10000)->Repetitions(10)->Unit(benchmark::kMicrosecond);
BENCHMARK(bare_loop)->Iterations(10000)->Repetitions(10)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace binade::host::testing
