// What mixed precision costs a step: the policy's call, the guard of autocast, the telemetry of a step and the sampling
// of gradients. By hand: build/tests/amp_benchmark
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "binade/autocast.h"
#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/loop/skip_report.h"
#include "host/telemetry/run_metrics.h"
#include "tests/engine/line_training.h"
#include "tests/engine/linked_precision.h"

namespace binade::host::testing {
namespace {

void policy_call(benchmark::State& state) {
  Deciding::constants = scaling(1024, 2, 0.5, 1);
  Deciding::constants.min_scale = 1;
  Deciding::decide = [](const Outcome& outcome) { return Decision{outcome.scale}; };
  PrecisionPolicy policy(precision_plugin<Deciding>(), {});
  const binade_outcome outcome{sizeof(binade_outcome), 0, 1, 1024, 1, 1, nullptr};
  for (auto _ : state) benchmark::DoNotOptimize(policy.next_scale(policy.update(outcome)));
}
BENCHMARK(policy_call);

void autocast_guard(benchmark::State& state) {
  for (auto _ : state) {
    const Autocast guard(at::kCPU, at::kBFloat16, true);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(autocast_guard);

// The AMP part of a step's telemetry, beside all of it.
void telemetry_of_a_step(benchmark::State& state) {
  RunIdentity identity;
  identity.run_id = "bench";
  Metrics metrics(identity);
  RunStarted run;
  run.dynamic_scaling = true;
  run.gradient_groups = {"a", "b", "c", "d"};
  metrics.run_started(run);
  SkipReport skips({"w"}, true);
  StepRecord record;
  record.loss = record.gradient_norm = record.clipped_norm = 1;
  record.loss_scale = record.next_loss_scale = 65536;
  for (auto _ : state) {
    ++record.step;
    metrics.step(record);
    benchmark::DoNotOptimize(skips.add(record));
  }
}
BENCHMARK(telemetry_of_a_step);

// One sample of `elements` gradient elements in ten parameters, with its metrics. Divide by
// [metrics] sample_gradients_every for what a step pays.
void sampling(benchmark::State& state) {
  at::set_num_threads(1);
  TensorModel::parameters.clear();
  std::vector<at::Tensor> gradients;
  RunStarted run;
  for (int i = 0; i < 10; ++i) {
    const auto values = at::randn({state.range(0) / 10});
    TensorModel::parameters.emplace_back("layer." + std::to_string(i) + ".weight", values.clone().requires_grad_(true));
    gradients.push_back(values * 1e-3);
  }
  const Model model(TensorModel::plugin(), OptionTable{}, {}, c10::Device(c10::kCPU));
  run.gradient_groups = GradientGroups(trained_parameter_names(model)).names;
  GradientStatistics statistics(model, autocast(BINADE_FLOAT16));
  RunIdentity identity;
  identity.run_id = "bench";
  Metrics metrics(identity);
  metrics.run_started(run);
  for (auto _ : state) {
    statistics.count(gradients, {});
    metrics.gradients_sampled(statistics.sample());
  }
  state.counters["ns_per_element"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)) * 1e-9,
                                                        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(sampling)->Arg(1000)->Arg(100000)->Arg(10000000)->Unit(benchmark::kMicrosecond);

// A whole step of a model of one weight: without scaling, scaled by constants, by a policy, and with a sample each
// step.
void step_of(benchmark::State& state, PrecisionPolicy& precision) {
  LineTraining training(precision);
  for (int warm_up = 0; warm_up < 200; ++warm_up) training.step();
  for (auto _ : state) training.step();
}
void step_in_fp32(benchmark::State& state) {
  PrecisionPolicy precision(full_precision());
  step_of(state, precision);
}
void step_scaled_by_constants(benchmark::State& state) {
  auto policy = scaling(1024, 2, 0.5, 2000);
  policy.autocast = 0;
  PrecisionPolicy precision(policy);
  step_of(state, precision);
}
void step_scaled_by_a_policy(benchmark::State& state) {
  Deciding::constants = scaling(1024, 2, 0.5, 2000);
  Deciding::constants.min_scale = 1;
  Deciding::constants.autocast = 0;
  Deciding::decide = [](const Outcome& outcome) { return Decision{outcome.scale}; };
  PrecisionPolicy precision(precision_plugin<Deciding>(), {});
  step_of(state, precision);
}
BENCHMARK(step_in_fp32)->Repetitions(5);
BENCHMARK(step_scaled_by_constants)->Repetitions(5);
BENCHMARK(step_scaled_by_a_policy)->Repetitions(5);

}  // namespace
}  // namespace binade::host::testing
