// What overrides cost each operation under autocast that they are not about, and what installing them takes.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <benchmark/benchmark.h>

#include <optional>

#include "binade/autocast.h"
#include "host/engine/amp/precision_overrides.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host::testing {
namespace {

enum Rules { nothing, of_an_operation, of_parameters, of_this_parameter };

class Setting {
 public:
  explicit Setting(std::int64_t rules) {
    TensorModel::parameters.clear();
    for (int i = 0; i < 100; ++i) {
      std::string name("p");
      name.append(std::to_string(i));
      TensorModel::parameters.emplace_back(std::move(name), at::ones({8, 8}));
    }
    TensorModel::parameters.emplace_back("weight", at::ones({8, 8}).requires_grad_(true));
    model_.emplace(TensorModel::plugin(), OptionTable{}, std::vector<std::string>{"x"}, c10::Device(c10::kCPU));
    if (rules == nothing) return;
    const bool operation = rules == of_an_operation;
    overrides_.emplace(*model_, std::vector<PrecisionRule>{
                                    {operation ? PrecisionRule::Kind::operation : PrecisionRule::Kind::parameters,
                                     operation                    ? "softmax"
                                     : rules == of_this_parameter ? "weight"
                                                                  : "p*",
                                     BINADE_BFLOAT16}});
  }
  void install() {
    if (overrides_) overrides_->install(at::kCPU);
  }
  const at::Tensor& weight() const { return model_->parameters().back().tensor; }

 private:
  std::optional<Model> model_;
  std::optional<PrecisionOverrides> overrides_;
};

template <class Operation>
void measure(benchmark::State& state, Operation operation) {
  Setting setting(state.range(0));
  setting.install();
  const auto x = at::ones({8, 8});
  const at::NoGradGuard no_grad;
  const Autocast autocast(at::kCPU, at::kBFloat16);
  for (auto _ : state) benchmark::DoNotOptimize(operation(x, setting.weight()));
}

void relu(benchmark::State& state) {
  measure(state, [](const auto& x, const auto&) { return at::relu(x); });
}
void add(benchmark::State& state) {
  measure(state, [](const auto& x, const auto& weight) { return at::add(x, weight); });
}
void linear(benchmark::State& state) {
  measure(state, [](const auto& x, const auto& weight) { return at::linear(x, weight); });
}
void install_and_remove(benchmark::State& state) {
  for (auto _ : state) {
    Setting setting(state.range(0));
    setting.install();
  }
}

// 0 no rules, 1 a rule of another operation, 2 of other parameters, 3 of the parameter in use.
BENCHMARK(relu)->DenseRange(nothing, of_parameters);
BENCHMARK(add)->DenseRange(nothing, of_this_parameter);
BENCHMARK(linear)->DenseRange(nothing, of_this_parameter);
BENCHMARK(install_and_remove)->DenseRange(nothing, of_parameters)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace binade::host::testing
