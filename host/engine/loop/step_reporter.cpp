#include "host/engine/loop/step_reporter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/loop/nonfinite_cause.h"

namespace binade::host {
namespace {

constexpr std::size_t max_epochs = 1000;  // in the summary; metrics.jsonl has all

constexpr std::uint64_t fnv_prime = 0x100000001b3;  // FNV-1a, word by word

// Removes the oldest epoch, but never the best.
void forget_an_epoch(TrainingStatistics& statistics) {
  auto& epochs = statistics.epochs;
  const bool first_is_best = epochs.front().validation_loss == statistics.best_validation_loss;
  epochs.erase(epochs.begin() + (first_is_best ? 1 : 0));
}

}  // namespace

StepReporter::StepReporter(const Parts& parts)
    : plan_(parts.plan),
      training_(parts.training),
      step_(parts.step),
      state_(parts.state),
      listener_(parts.listener),
      skips_(trained_parameter_names(parts.training.model), parts.training.scaler.enabled()),
      memory_(parts.training.device, parts.listener),
      clock_(parts.training.progress) {}

void StepReporter::report(StepRecord& record) {
  constexpr auto logging = static_cast<std::size_t>(Phase::logging);
  record.phase_seconds[logging] = reporting_[logging];
  count(record);
  if (!std::exchange(reported_, true)) warn_without_gradient();
  clock_.start(record.step, reporting_);
  {
    const PhaseScope phase(clock_, Phase::logging);
    tell(record);
  }
  check_loss(record);
  state_.epoch.add(record);
  if (state_.position->at_start()) end_epoch(record);
}

void StepReporter::count(const StepRecord& record) {
  auto& statistics = state_.statistics;
  statistics.steps = record.step;
  statistics.skipped_steps = record.skipped_steps;
  statistics.gradient_norm = record.gradient_norm;
  statistics.step_seconds += record.seconds;
  statistics.samples += record.samples;
  statistics.tokens += record.tokens;
  statistics.seconds_at_min_scale += record.at_min_scale ? record.seconds : 0;
  state_.batches += step_.micro_batches();
  state_.position = step_.position();
  for (const auto sample : step_.samples()) {
    statistics.samples_hash = (statistics.samples_hash ^ sample) * fnv_prime;
  }
  if (record.skipped) return;
  if (std::isnan(statistics.initial_loss)) {
    statistics.initial_loss = record.loss;
    statistics.initial_cross_entropy = record.cross_entropy;
  }
  statistics.final_loss = record.loss;
  statistics.final_cross_entropy = record.cross_entropy;
}

void StepReporter::tell(const StepRecord& record) {
  listener_.step(record);
  memory_.poll(record.time);
  tell_gradients(record);
  warn_of_refused_scale(record);
  if (const auto message = skips_.add(record)) {
    listener_.message(message->expected ? BINADE_LOG_INFO : BINADE_LOG_WARNING, message->text);
  }
}

void StepReporter::tell_gradients(const StepRecord& record) {
  const auto* sample = step_.gradient_sample();
  if (sample == nullptr) return;
  auto stamped = *sample;
  stamped.time = record.time;
  listener_.gradients_sampled(stamped);
  remember_underflow(stamped);
}

void StepReporter::remember_underflow(const GradientSample& sample) {
  auto& statistics = state_.statistics;
  statistics.underflow_ratio = -1;
  for (std::size_t group = 0; group < sample.groups.size(); ++group) {
    const double ratio = underflow_ratio(sample.groups[group], sample.smallest_exponent);
    if (ratio <= statistics.underflow_ratio) continue;
    statistics.underflow_ratio = ratio;
    statistics.underflow_group = step_.gradient_groups()[group];
  }
}

void StepReporter::warn_of_refused_scale(const StepRecord& record) {
  if (!record.refused_scale || ++state_.statistics.refused_scales > 1) return;
  listener_.message(BINADE_LOG_WARNING,
                    fmt::format("step {}: the precision policy returned an invalid loss scale (negative, zero, "
                                "subnormal, inf or NaN): the scale stays {:g}; further ones are not reported, "
                                "binade_amp_refused_scales_total counts them",
                                record.step, record.loss_scale));
}

void StepReporter::warn_without_gradient() const {
  const auto& names = step_.parameters_without_gradient();
  if (names.empty()) return;
  listener_.message(BINADE_LOG_WARNING,
                    fmt::format("{} got no gradient in the first step and will not be trained: {}",
                                names.size() == 1 ? "one parameter" : "parameters", fmt::join(names, ", ")));
}

void StepReporter::check_loss(const StepRecord& record) {
  if (std::isfinite(record.loss)) {
    state_.nonfinite_losses = 0;
    return;
  }
  ++state_.nonfinite_losses;
  const bool last = plan_.max_nonfinite_losses != 0 && state_.nonfinite_losses >= plan_.max_nonfinite_losses;
  if (state_.nonfinite_losses > 1 && !last) return;
  const auto cause =
      nonfinite_cause(training_.model, training_.precision.constants(), plan_.data, record.epoch, step_.samples());
  auto text = fmt::format(
      "the loss of step {} is {}: {}. This is not an overflow of gradients, so the step is skipped and the loss scale "
      "stays",
      record.step, without_nan_sign(record.loss), cause.text);
  if (cause.of_samples) text += ". Its samples: " + samples_text();
  if (!last) return listener_.message(BINADE_LOG_WARNING, text);
  throw std::runtime_error(fmt::format("{}. It is number {} in a row, where [train] max_nonfinite_losses ends the run",
                                       text, state_.nonfinite_losses));
}

std::string StepReporter::samples_text() const {
  constexpr std::size_t shown = 16;
  const auto& samples = step_.samples();
  const auto end = samples.begin() + static_cast<std::ptrdiff_t>(std::min(shown, samples.size()));
  auto text = fmt::format("{}", fmt::join(samples.begin(), end, ", "));
  if (samples.size() > shown) text += fmt::format(", ... ({} in all)", samples.size());
  return text;
}

void StepReporter::end_epoch(const StepRecord& record) {
  auto& epochs = state_.statistics.epochs;
  if (epochs.size() >= max_epochs) forget_an_epoch(state_.statistics);
  epochs.push_back(state_.epoch.summary(record.epoch, record.step));
  listener_.epoch_ended({record.epoch, state_.epoch.seconds});
  state_.epoch = {};
}

}  // namespace binade::host
