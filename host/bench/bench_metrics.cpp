#include "host/bench/bench_metrics.h"

#include <prometheus/text_serializer.h>

#include <array>
#include <cmath>
#include <utility>

namespace binade::host {
namespace {

constexpr auto gauge = MetricType::gauge;
constexpr std::array catalogue{
    MetricSpec{"binade_bench_info", gauge, "run_name baseline", "Identity of the benchmark; always 1."},
    MetricSpec{"binade_bench_runs_planned", gauge, "contender", "Runs of the contender, one per seed."},
    MetricSpec{"binade_bench_runs_completed", gauge, "contender", "Runs of the contender that have finished."},
    MetricSpec{"binade_bench_repeats_completed", gauge, "", "Seeds that every contender has finished."},
    MetricSpec{"binade_bench_samples_per_second", gauge, "contender", "Mean training speed after the warm-up."},
    MetricSpec{"binade_bench_peak_memory_bytes", gauge, "contender memory=allocator,process",
               "Mean peak memory: of live tensors, and of the process."},
    MetricSpec{"binade_bench_learned", gauge, "contender", "1 when the training loss fell by more than its noise."},
    MetricSpec{"binade_bench_speedup_ratio", gauge, "contender bound=estimate,lower,upper",
               "Speed divided by the baseline's, with its 95 % interval."},
    MetricSpec{"binade_bench_memory_reduction_ratio", gauge,
               "contender memory=allocator,process bound=estimate,lower,upper",
               "Share of the baseline's peak memory that is saved, with its 95 % interval."},
    MetricSpec{"binade_bench_accuracy_difference", gauge, "contender bound=estimate,lower,upper",
               "Validation accuracy minus the baseline's, with its 95 % interval."},
    MetricSpec{"binade_bench_loss_difference", gauge, "contender bound=estimate,lower,upper",
               "Loss minus the baseline's, with its 95 % interval."},
    MetricSpec{
        "binade_bench_verdict", gauge,
        "contender criterion=speedup,allocator_memory,process_memory,accuracy,loss verdict=met,not_met,cannot_tell",
        "1 for the verdict, 0 for the others; all 0 without a verdict."},
};

std::string label_of(Verdict verdict) {
  constexpr std::array labels{"met", "not_met", "cannot_tell"};
  return labels[static_cast<std::size_t>(verdict)];
}

}  // namespace

std::span<const MetricSpec> bench_metric_catalogue() { return catalogue; }

BenchMetrics::BenchMetrics(const std::string& run_id, const std::string& run_name,
                           const std::vector<std::string>& contenders, std::uint64_t repeats)
    : families_(run_id, catalogue) {
  families_.gauge("binade_bench_info", {{"run_name", run_name}, {"baseline", contenders.front()}}).Set(1);
  for (const auto& contender : contenders) {
    families_.gauge("binade_bench_runs_planned", {{"contender", contender}}).Set(static_cast<double>(repeats));
    families_.gauge("binade_bench_runs_completed", {{"contender", contender}});
  }
}

void BenchMetrics::run_finished(const std::string& contender) {
  families_.gauge("binade_bench_runs_completed", {{"contender", contender}}).Increment();
}

void BenchMetrics::show(const BenchResult& result) {
  families_.gauge("binade_bench_repeats_completed").Set(static_cast<double>(result.repeats));
  for (const auto& contender : result.contenders) show(contender);
}

void BenchMetrics::show(const ContenderResult& contender) {
  const MetricFamilies::Labels id{{"contender", contender.id}};
  const auto with = [&](const char* name, const std::string& value) {
    auto labels = id;
    labels[name] = value;
    return labels;
  };
  families_.gauge("binade_bench_samples_per_second", id).Set(contender.samples_per_second);
  families_.gauge("binade_bench_peak_memory_bytes", with("memory", "allocator")).Set(contender.tensor_bytes);
  families_.gauge("binade_bench_peak_memory_bytes", with("memory", "process")).Set(contender.process_bytes);
  families_.gauge("binade_bench_learned", id).Set(contender.learned() ? 1 : 0);
  if (contender.comparisons.empty()) return;
  constexpr double percent = 0.01;
  const auto interval_of = [&](std::string_view criterion) { return contender.comparison(criterion).interval; };
  show("binade_bench_speedup_ratio", id, interval_of("speedup"));
  show("binade_bench_memory_reduction_ratio", with("memory", "allocator"), interval_of("allocator_memory"), percent);
  show("binade_bench_memory_reduction_ratio", with("memory", "process"), interval_of("process_memory"), percent);
  show("binade_bench_accuracy_difference", id, interval_of("accuracy"));
  show("binade_bench_loss_difference", id, interval_of("loss"));
  for (const auto& comparison : contender.comparisons) {
    if (!comparison.threshold) continue;
    for (const auto verdict : {Verdict::met, Verdict::not_met, Verdict::cannot_tell}) {
      auto labels = with("verdict", label_of(verdict));
      labels["criterion"] = comparison.criterion;
      families_.gauge("binade_bench_verdict", labels).Set(comparison.verdict == verdict ? 1 : 0);
    }
  }
}

void BenchMetrics::show(const std::string& name, const MetricFamilies::Labels& labels, const Interval& interval,
                        double unit) {
  for (const auto& [bound, value] :
       {std::pair("estimate", interval.value), std::pair("lower", interval.low), std::pair("upper", interval.high)}) {
    auto all = labels;
    all["bound"] = bound;
    families_.gauge(name, all).Set(value * unit);
  }
}

std::string BenchMetrics::text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace binade::host
