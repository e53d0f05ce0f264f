#include "host/run/reports/summary_json.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/cli/version.h"
#include "host/data/fingerprint/fingerprint_differences.h"
#include "host/events/lower_loss.h"
#include "host/experiment/secrets.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson finite(double number) { return std::isfinite(number) ? OrderedJson(number) : OrderedJson(nullptr); }

double peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;  // the kernel counts in KiB
}

OrderedJson epochs_json(const std::vector<EpochSummary>& epochs) {
  auto rows = OrderedJson::array();
  for (const auto& epoch : epochs) {
    rows.push_back({{"epoch", epoch.epoch},
                    {"steps", epoch.steps},
                    {"train_loss", finite(epoch.train_loss)},
                    {"train_accuracy", finite(epoch.train_accuracy)},
                    {"validation_loss", finite(epoch.validation_loss)},
                    {"validation_accuracy", finite(epoch.validation_accuracy)},
                    {"seconds", epoch.seconds}});
  }
  return rows;
}

OrderedJson skips_json(const std::vector<SkipCount>& skips) {
  auto rows = OrderedJson::array();
  for (const auto& skip : skips) {
    rows.push_back({{"cause", skip_cause_names[static_cast<std::size_t>(skip.cause)]},
                    {"parameter", skip.parameter.empty() ? OrderedJson(nullptr) : OrderedJson(skip.parameter)},
                    {"steps", skip.steps}});
  }
  return rows;
}

// From 0; null when no epoch ended with an evaluation whose loss was finite.
OrderedJson best_epoch(const std::vector<EpochSummary>& epochs) {
  const EpochSummary* best = nullptr;
  for (const auto& epoch : epochs) {
    if (is_lower(epoch.validation_loss, best == nullptr ? nan : best->validation_loss)) best = &epoch;
  }
  return best == nullptr ? OrderedJson(nullptr) : OrderedJson(best->epoch);
}

// exp(mean cross-entropy): the equivalent number of equally likely choices.
OrderedJson perplexity(double loss, const RunStarted& run) {
  return run.classification ? finite(std::exp(loss)) : OrderedJson(nullptr);
}

// The target in its own units is output * deviation + mean. null without standardization.
OrderedJson target_json(const std::optional<TargetScale>& scale) {
  return scale ? OrderedJson{{"mean", scale->mean}, {"deviation", scale->deviation}} : OrderedJson(nullptr);
}

OrderedJson held_out_json(const std::vector<HeldOutResult>& results) {
  auto json = OrderedJson::object();
  for (const auto& [evaluated, step] : results) {
    json[evaluated.split] = {{"loss", finite(evaluated.loss)},
                             {"accuracy", finite(evaluated.accuracy)},
                             {"samples", evaluated.samples},
                             {"weights_step", step}};
  }
  return json;
}

}  // namespace

std::string cpu_model() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string environment_json(const EngineInfo& engine, const std::vector<std::string>& command_line) {
  utsname system{};
  uname(&system);
  std::vector<std::string> shown;
  shown.reserve(command_line.size());
  for (const auto& word : command_line) shown.push_back(without_passwords(word));
  const OrderedJson json{{"binade", version()},
                         {"git_sha", git_sha()},
                         {"libtorch", engine.torch_version},
                         {"cuda", engine.cuda_version},
                         {"cpu_capability", engine.cpu_capability},
                         {"threads", engine.threads},
                         {"cpu", cpu_model()},
                         {"cpus", std::thread::hardware_concurrency()},
                         {"host", system.nodename},
                         {"system", std::string(system.sysname) + " " + system.release},
                         {"architecture", system.machine},
                         {"command_line", shown}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string data_json(const Fingerprint& data) {
  return OrderedJson(data).dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string summary_json(const TrainingResult& result, const Experiment& experiment, const Fingerprint& data) {
  const auto& [facts, statistics, outcome, weights, held_out] = result;
  const auto& run = facts.started;
  const OrderedJson json{
      {"state", run_state_names[static_cast<std::size_t>(outcome.state)]},
      {"stop_reason", outcome.stop_reason},
      {"steps", statistics.steps},
      {"skipped_steps", statistics.skipped_steps},
      {"loss", facts.loss},
      {"standardized_target", target_json(facts.target_scale)},
      {"initial_loss", finite(statistics.initial_loss)},
      {"final_loss", finite(statistics.final_loss)},
      {"final_unsmoothed_loss", finite(statistics.final_cross_entropy)},
      {"validation_loss", finite(statistics.validation_loss)},
      {"validation_accuracy", finite(statistics.validation_accuracy)},
      {"best_validation_loss", finite(statistics.best_validation_loss)},
      {"best_step", statistics.best_step},
      {"final_perplexity", perplexity(statistics.final_cross_entropy, run)},
      {"validation_perplexity", perplexity(statistics.validation_loss, run)},
      {"held_out", held_out_json(held_out)},
      {"best_epoch", best_epoch(statistics.epochs)},
      {"epochs", epochs_json(statistics.epochs)},
      {"final_gradient_norm", finite(statistics.gradient_norm)},
      {"amp_enabled", run.autocast},
      {"peak_memory_bytes", peak_memory_bytes()},
      {"peak_tensor_bytes",
       outcome.peak_tensor_bytes == 0 ? OrderedJson(nullptr) : OrderedJson(outcome.peak_tensor_bytes)},
      {"vocab_size", facts.vocab_size == 0 ? OrderedJson(nullptr) : OrderedJson(facts.vocab_size)},
      {"parameters", run.parameters},
      {"initial_parameters_sha256", facts.initial_parameters_sha256},
      {"parameters_sha256", weights.sha256},
      {"rescued", weights.rescued.empty() ? OrderedJson(nullptr) : OrderedJson(weights.rescued.string())},
      {"samples_hash", fmt::format("{:016x}", statistics.samples_hash)},
      {"data", without_files(data)},
      {"resumed_step", facts.resumed_step ? OrderedJson(*facts.resumed_step) : OrderedJson(nullptr)},
      {"resume_differences", facts.resume_differences},
      {"device", run.device},
      {"precision", run.precision},
      {"precision_reason", facts.precision_reason.empty() ? OrderedJson(nullptr) : OrderedJson(facts.precision_reason)},
      {"loss_scale", outcome.loss_scale},
      {"skips", skips_json(outcome.skips)},
      {"refused_scales", statistics.refused_scales},
      {"underflow_group",
       statistics.underflow_group.empty() ? OrderedJson(nullptr) : OrderedJson(statistics.underflow_group)},
      {"underflow_ratio", finite(statistics.underflow_ratio)},
      {"train_samples", run.train_samples},
      {"samples_per_second", finite(statistics.samples_per_second())},
      {"tokens_per_second", finite(statistics.tokens_per_second())},
      {"seconds", statistics.seconds},
      {"seconds_at_min_scale", statistics.seconds_at_min_scale},
      {"tags", experiment.experiment.tags},
      {"notes", experiment.experiment.notes}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string failure_json(const std::string& message, const ReachedByRun& reached, const Experiment& experiment) {
  const OrderedJson json{{"state", "failed"},
                         {"error", message},
                         {"steps", reached.steps},
                         {"skipped_steps", reached.skipped_steps},
                         {"final_loss", finite(reached.final_loss)},
                         {"seconds", reached.seconds},
                         {"tags", experiment.experiment.tags},
                         {"notes", experiment.experiment.notes}};
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace binade::host
