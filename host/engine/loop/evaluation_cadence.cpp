#include "host/engine/loop/evaluation_cadence.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/base/clock.h"
#include "host/engine/checkpoint/training_state.h"
#include "host/engine/loop/nonfinite_cause.h"
#include "host/events/lower_loss.h"

namespace binade::host {

EvaluationCadence::EvaluationCadence(const Parts& parts)
    : plan_(parts.plan),
      evaluations_(parts.evaluations),
      training_(parts.training),
      state_(parts.state),
      best_(parts.best),
      listener_(parts.listener) {
  for (auto& evaluation : evaluations_) {
    evaluation.before_batch = [this] { training_.enter(Activity::evaluation, state_.statistics.steps); };
  }
}

void EvaluationCadence::evaluate_when_due() {
  const auto step = state_.statistics.steps;
  if (step == 0 || is_evaluated()) return;
  const bool due = plan_.evaluate_each_epoch ? state_.position->at_start()
                                             : plan_.evaluate_every != 0 && step % plan_.evaluate_every == 0;
  if (due) evaluate();
}

bool EvaluationCadence::evaluate_last_step() { return is_evaluated() || evaluate(); }

std::string EvaluationCadence::reason_to_stop() const {
  if (plan_.patience == 0 || state_.evaluations_without_improvement < plan_.patience) return {};
  if (std::isfinite(state_.to_beat)) {
    return fmt::format("early stopping: {} evaluations without a lower validation loss than {:.6g}", plan_.patience,
                       state_.to_beat);
  }
  return fmt::format("early stopping: the validation loss of {} evaluations was not finite", plan_.patience);
}

bool EvaluationCadence::is_evaluated() const { return state_.evaluated_step == state_.statistics.steps; }

// When a signal breaks it off, no trace of it is left, so that the resumed run begins with it.
bool EvaluationCadence::evaluate() {
  listener_.state_changed(RunState::evaluating);
  const WeightAverage::Applied averaged(training_.average);
  const RandomState random(training_.device);
  const auto records = evaluate_splits();
  training_.enter(Activity::logging, state_.statistics.steps);
  if (!records) {
    random.restore();
    return false;
  }
  const auto& evaluated = records->front();
  record(evaluated);
  warn_if_nonfinite(evaluated);
  keep_if_best(evaluated);
  compare_for_early_stopping(evaluated);
  for (const auto& each : *records) listener_.evaluated(each);
  listener_.state_changed(RunState::running);
  return true;
}

std::optional<std::vector<EvaluationRecord>> EvaluationCadence::evaluate_splits() {
  std::vector<EvaluationRecord> records;
  for (const auto& evaluation : evaluations_) {
    auto evaluated =
        host::evaluate(evaluation, training_.model, training_.task, training_.precision.constants(), training_.device);
    if (!evaluated) return std::nullopt;
    evaluated->step = state_.statistics.steps;
    evaluated->time = unix_time();
    records.push_back(std::move(*evaluated));
  }
  return records;
}

void EvaluationCadence::record(const EvaluationRecord& evaluated) {
  auto& statistics = state_.statistics;
  state_.evaluated_step = evaluated.step;
  statistics.validation_loss = evaluated.loss;
  statistics.validation_accuracy = evaluated.accuracy;
  if (statistics.epochs.empty() || statistics.epochs.back().steps != evaluated.step) return;
  statistics.epochs.back().validation_loss = evaluated.loss;
  statistics.epochs.back().validation_accuracy = evaluated.accuracy;
}

void EvaluationCadence::warn_if_nonfinite(const EvaluationRecord& evaluated) {
  if (std::isfinite(evaluated.loss) || std::exchange(warned_, true)) return;
  const auto weights = nonfinite_weights(training_.model);
  listener_.message(
      BINADE_LOG_WARNING,
      fmt::format("the validation loss of step {} is {}{}: this counts as an evaluation without "
                  "improvement, and such weights are never the best (further ones are not reported; "
                  "binade_loss_nonfinite_total counts them)",
                  evaluated.step, without_nan_sign(evaluated.loss), weights.empty() ? "" : ", because " + weights));
}

void EvaluationCadence::keep_if_best(const EvaluationRecord& evaluated) {
  auto& statistics = state_.statistics;
  if (!is_lower(evaluated.loss, statistics.best_validation_loss)) return;
  // If the weights cannot be saved, do not report a new best, so that the summary and best.safetensors agree.
  if (!best_.keep(training_.model, evaluated.step)) return;
  statistics.best_validation_loss = evaluated.loss;
  statistics.best_step = evaluated.step;
}

void EvaluationCadence::compare_for_early_stopping(const EvaluationRecord& evaluated) {
  if (is_lower(evaluated.loss, state_.to_beat - plan_.min_delta)) {
    state_.to_beat = evaluated.loss;
    state_.evaluations_without_improvement = 0;
  } else {
    ++state_.evaluations_without_improvement;
  }
}

}  // namespace binade::host
