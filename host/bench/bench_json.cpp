#include "host/bench/bench_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "host/data/fingerprint/fingerprint_differences.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson finite(double number) { return std::isfinite(number) ? OrderedJson(number) : OrderedJson(nullptr); }

OrderedJson definitions(const BenchResult& result) {
  return {{"interval", "95 % confidence interval by Student's t over repeats; a repeat pairs runs of one seed"},
          {"speedup", "samples per second after the warm-up over the baseline's; the interval is of the logarithm"},
          {"allocator_memory", "percent less than the baseline: peak bytes of live tensors"},
          {"process_memory", "percent less than the baseline: peak memory of the process (ru_maxrss)"},
          {"accuracy", "of the last evaluation, minus the baseline's"},
          {"loss", result.validation_loss ? "of the last evaluation, minus the baseline's"
                                          : "of training, mean of the last tenth of the steps, minus the baseline's"},
          {"learned", "the training loss fell from its first to its last tenth by more than 3 standard errors"},
          {"met",
           "speed, memory: the whole interval is at or above the threshold; accuracy, loss: inside +- the threshold"},
          {"not met", "the whole interval is on the other side"},
          {"cannot tell", "the interval contains the threshold"}};
}

OrderedJson comparison_json(const Comparison& comparison) {
  return {{"value", finite(comparison.interval.value)},
          {"low", finite(comparison.interval.low)},
          {"high", finite(comparison.interval.high)},
          {"threshold", comparison.threshold ? OrderedJson(*comparison.threshold) : OrderedJson(nullptr)},
          {"verdict",
           comparison.verdict ? OrderedJson(verdict_names[static_cast<std::size_t>(*comparison.verdict)]) : nullptr}};
}

OrderedJson contender_json(const ContenderResult& contender) {
  auto comparisons = OrderedJson::object();
  for (const auto& comparison : contender.comparisons) {
    comparisons[std::string(comparison.criterion)] = comparison_json(comparison);
  }
  return {{"contender", contender.id},
          {"precision", contender.precision},
          {"samples_per_second", finite(contender.samples_per_second)},
          {"steps_per_second", finite(contender.steps_per_second)},
          {"median_step_seconds", finite(contender.median_step_seconds)},
          {"peak_memory_bytes",
           {{"allocator", finite(contender.tensor_bytes)}, {"process", finite(contender.process_bytes)}}},
          {"accuracy", finite(contender.accuracy)},
          {"loss", finite(contender.loss)},
          {"skipped_steps", contender.skipped_steps},
          {"learned", contender.learned()},
          {"training_loss",
           {{"first_tenth", finite(contender.learning.first)},
            {"last_tenth", finite(contender.learning.last)},
            {"noise", finite(contender.learning.noise)}}},
          {"against_baseline", contender.comparisons.empty() ? OrderedJson(nullptr) : std::move(comparisons)}};
}

OrderedJson run_json(const std::string& contender, const Measurement& run) {
  return {{"contender", contender},
          {"directory", run.directory.string()},
          {"seconds", run.seconds},
          {"samples_per_second", finite(run.samples_per_second)},
          {"median_step_seconds", finite(run.median_step_seconds)},
          {"peak_memory_bytes", {{"allocator", finite(run.tensor_bytes)}, {"process", finite(run.process_bytes)}}},
          {"accuracy", finite(run.accuracy)},
          {"validation_loss", finite(run.validation_loss)},
          {"final_loss", finite(run.final_loss)},
          {"skipped_steps", run.skipped_steps}};
}

}  // namespace

std::string bench_json(const BenchReport& report) {
  const auto& result = report.result;
  auto contenders = OrderedJson::array(), repeats = OrderedJson::array();
  for (const auto& contender : result.contenders) contenders.push_back(contender_json(contender));
  for (const auto& repeat : report.repeats) {
    auto runs = OrderedJson::array();
    for (std::size_t i = 0; i < repeat.runs.size(); ++i) {
      runs.push_back(run_json(report.plan.contenders[i].id, repeat.runs[i]));
    }
    const auto& first = repeat.runs.front();
    repeats.push_back({{"seed", repeat.seed},
                       {"initial_parameters_sha256", first.initial_parameters_sha256},
                       {"samples_hash", first.samples_hash},
                       {"data", without_files(first.data)},
                       {"runs", std::move(runs)}});
  }
  const OrderedJson json{{"state", report.state},
                         {"experiment", report.plan.experiment.file.string()},
                         {"name", report.plan.experiment.experiment.name},
                         {"directory", std::filesystem::absolute(report.directory).string()},
                         {"device", result.device},
                         {"baseline", report.plan.contenders.front().id},
                         {"repeats_planned", report.arguments.repeats},
                         {"repeats_completed", result.repeats},
                         {"steps", result.steps},
                         {"warmup_steps", result.warmup_steps},
                         {"all_met", result.all_met()},
                         {"nothing_learned", report.nothing_learned},
                         {"advice", report.advice},
                         {"contenders", std::move(contenders)},
                         {"repeats", std::move(repeats)},
                         {"definitions", definitions(result)}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace binade::host
