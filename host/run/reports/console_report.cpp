#include "host/run/reports/console_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/run/run.h"
#include "host/storage/checkpoint.h"

namespace binade::host {
namespace {

void line(const Paint& paint, std::string_view name, std::string_view text) {
  show("  {} {}\n", paint.dim(fmt::format("{:<10}", name)), text);
}

// `cross_entropy`: the loss without label smoothing.
std::string loss_text(double loss, double cross_entropy, const TrainingFacts& facts) {
  if (facts.loss != "next_token") return fmt::format("{:.4g}", loss);
  // exp(cross-entropy): the number of tokens that the model is undecided between.
  const auto unsmoothed = cross_entropy != loss ? fmt::format("unsmoothed {:.4f}, ", cross_entropy) : "";
  return fmt::format("{:.4f} ({}perplexity {:.4g})", loss, unsmoothed, std::exp(cross_entropy));
}

// A word as a shell takes it.
std::string quoted(const std::string& word) {
  if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=+:,@") ==
      std::string::npos) {
    return word;
  }
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// "fp16, loss scale 65536 at the end; skipped 2 by overflow in head.weight, 1 by loss; underflow at most 3 %, in head"
std::string precision_text(const TrainingResult& result) {
  const auto& statistics = result.statistics;
  const auto& skips = result.outcome.skips;
  auto text = fmt::format("{}, loss scale {:g} at the end", result.facts.started.precision, result.outcome.loss_scale);
  constexpr std::size_t shown = 3;
  for (std::size_t i = 0; i < std::min(shown, skips.size()); ++i) {
    const auto& skip = skips[i];
    text += fmt::format("{} {} by {}{}", i == 0 ? "; skipped" : ",", skip.steps,
                        skip_cause_names[static_cast<std::size_t>(skip.cause)],
                        skip.parameter.empty() ? "" : fmt::format(" in {}", skip.parameter));
  }
  if (skips.size() > shown) text += ", ...";
  if (statistics.underflow_ratio > 0) {
    text += fmt::format("; underflow at most {:.2g} %, in {}", 100 * statistics.underflow_ratio,
                        statistics.underflow_group);
  }
  if (statistics.seconds_at_min_scale > 0) {
    text += fmt::format("; {} with the scale at its floor", short_duration(statistics.seconds_at_min_scale));
  }
  return text;
}

std::string evaluation_text(double loss, double accuracy, const TrainingFacts& facts) {
  auto text = loss_text(loss, loss, facts);
  if (std::isfinite(accuracy)) text += fmt::format(", accuracy {:.2f} %", 100 * accuracy);
  return text;
}

std::string speed_text(const TrainingStatistics& statistics) {
  return statistics.tokens_per_second() > 0 ? short_number(statistics.tokens_per_second()) + " tokens/s"
                                            : short_number(statistics.samples_per_second()) + " samples/s";
}

}  // namespace

void StartReport::run_started(const RunStarted& started) noexcept {
  const auto goal = started.target_steps == 0 ? fmt::format("for {}", short_duration(started.max_seconds))
                    : started.max_seconds > 0
                        ? fmt::format("{} steps or {}, whichever comes first", started.target_steps,
                                      short_duration(started.max_seconds))
                        : fmt::format("{} step{}", started.target_steps, started.target_steps == 1 ? "" : "s");
  show("{}\n", paint_.bold(run_.experiment().experiment.name));
  line(paint_, "model",
       fmt::format("{}, {} parameters", run_.experiment().model.plugin,
                   short_number(static_cast<double>(started.parameters))));
  line(paint_, "dataset",
       fmt::format("{}, {} samples to train on, {} to validate with", run_.experiment().dataset.plugin,
                   started.train_samples, started.validation_samples));
  line(paint_, "precision",
       fmt::format("{} on {}{}", started.precision, started.device,
                   started.dynamic_scaling ? ", dynamic loss scaling" : ""));
  line(paint_, "training", goal);
  if (const auto address = run_.metrics_address(); !address.empty()) line(paint_, "metrics", address);
  line(paint_, "directory", run_.shown_directory().string());
  show("\n");
  std::fflush(stdout);
}

std::string last_checkpoint_text(const Run& run) {
  const auto steps = CheckpointFolder(run.shown_directory() / "checkpoints", 1, false).steps();
  if (steps.empty()) return {};
  return fmt::format("the last checkpoint is of step {}: once the cause is fixed, `{} resume {}` continues from there",
                     steps.front(), run.program_name(), run.shown_directory().string());
}

void print_end(const Run& run, const TrainingResult& result, const Paint& paint) {
  const auto& [facts, statistics, outcome, weights, held_out] = result;
  const auto ended = outcome.state == RunState::finished
                         ? paint.green("finished")
                         : paint.yellow(run_state_names[static_cast<std::size_t>(outcome.state)]);
  show("\n{} after {} ({} steps, {} skipped; {})\n", ended, short_duration(statistics.seconds), statistics.steps,
       statistics.skipped_steps, speed_text(statistics));
  if (std::isfinite(statistics.initial_loss)) {
    line(paint, "loss",
         fmt::format("{} -> {}", loss_text(statistics.initial_loss, statistics.initial_cross_entropy, facts),
                     loss_text(statistics.final_loss, statistics.final_cross_entropy, facts)));
  }
  if (std::isfinite(statistics.validation_loss)) {
    line(paint, "validation", evaluation_text(statistics.validation_loss, statistics.validation_accuracy, facts));
  }
  for (const auto& [evaluated, step] : held_out) {
    line(paint, evaluated.split,
         fmt::format("{}, with the weights of step {}", evaluation_text(evaluated.loss, evaluated.accuracy, facts),
                     step));
  }
  if (outcome.loss_scale != 1 || !outcome.skips.empty()) line(paint, "precision", precision_text(result));
  line(paint, "weights",
       ((weights.rescued.empty() ? run.shown_directory() : weights.rescued) / "weights.safetensors").string());
  if (const auto best = run.shown_directory() / "best.safetensors"; std::filesystem::exists(best)) {
    line(paint, "best",
         fmt::format("{} (step {}, validation loss {:.4g})", best.string(), statistics.best_step,
                     statistics.best_validation_loss));
  }
  line(paint, "per step", (run.shown_directory() / "metrics.jsonl").string());

  const auto file = [&](const char* name) { return quoted((run.shown_directory() / name).string()); };
  const auto binade = quoted(run.program_name());
  show("\nnext:\n");
  if (outcome.state != RunState::finished && std::filesystem::exists(run.shown_directory() / "checkpoints")) {
    show("  {} resume {}\n", binade, quoted(run.shown_directory().string()));
  }
  show("  cat {}\n", file("summary.json"));
  show("  {} run {} --set optimizer.lr=1e-3\n", binade, file("experiment.toml"));
  show("  {} plugins list\n", binade);
}

}  // namespace binade::host
