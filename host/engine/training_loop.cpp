#include "host/engine/training_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/engine/skip_report.h"
#include "host/engine/weights.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;  // FNV-1a, word by word

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void warn_without_gradient(const TrainStep& step, RunListener& listener) {
  const auto& names = step.parameters_without_gradient();
  if (names.empty()) return;
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  listener.message(BINADE_LOG_WARNING, fmt::format("{} got no gradient in the first step and will not be trained: {}",
                                                   names.size() == 1 ? "one parameter" : "parameters", text));
}

// Means over the steps of an epoch: accuracy weighted by samples.
struct EpochSums {
  double loss = 0, correct = 0, seconds = 0;
  std::uint64_t steps = 0, samples = 0;

  void add(const StepRecord& record) {
    loss += record.loss;
    correct += record.accuracy * static_cast<double>(record.samples);
    seconds += record.seconds;
    samples += record.samples;
    ++steps;
  }
  EpochSummary summary(std::uint64_t epoch, std::uint64_t steps_done) const {
    return {epoch, steps_done, loss / static_cast<double>(steps), correct / static_cast<double>(samples), nan,
            nan,   seconds};
  }
};

class Loop {
 public:
  Loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation, RunListener& listener)
      : plan_(plan),
        training_(training),
        evaluation_(evaluation),
        listener_(listener),
        step_(training),
        skips_(trained_parameter_names(training.model), training.scaler.enabled()) {}

  TrainingResult run(const std::atomic<int>& stop_signal) {
    start_ = Clock::now();
    result_.samples_hash = fnv_offset;
    listener_.state_changed(RunState::running);
    while (!should_stop(stop_signal)) {
      train();
      if (plan_.evaluate_every != 0 && record_.step % plan_.evaluate_every == 0) evaluate();
    }
    if (result_.state == RunState::finished && evaluated_step_ != record_.step) evaluate();
    if (record_.step > 0 && record_.step == record_.skipped_steps) {
      throw std::runtime_error(fmt::format(
          "none of {} steps could be applied: every gradient was inf or NaN (last loss: {}). A lower [optimizer] lr, "
          "the data, or the model's initial values are where to look.",
          record_.step, record_.loss));
    }
    result_.seconds = seconds_since(start_);
    result_.samples_per_second = static_cast<double>(samples_) / training_seconds_;
    if (tokens_ > 0) result_.tokens_per_second = static_cast<double>(tokens_) / training_seconds_;
    result_.steps = record_.step;
    result_.skipped_steps = record_.skipped_steps;
    result_.loss_scale = training_.scaler.get_scale();
    result_.skips = skips_.counts();
    result_.final_gradient_norm = record_.gradient_norm;
    return result_;
  }

 private:
  bool should_stop(const std::atomic<int>& stop_signal) {
    if (const int signal = stop_signal.load(std::memory_order_relaxed); signal != 0) {
      result_.state = RunState::interrupted;
      result_.stop_reason = fmt::format("signal {}", signal);
    } else if (plan_.target_steps != 0 && record_.step >= plan_.target_steps) {
      result_.stop_reason = fmt::format("{} steps", record_.step);
    } else if (plan_.max_seconds > 0 && seconds_since(start_) >= plan_.max_seconds) {
      result_.stop_reason = fmt::format("max_time of {:g} s", plan_.max_seconds);
    } else if (plan_.patience > 0 && evaluations_without_improvement_ >= plan_.patience) {
      result_.stop_reason = fmt::format("early stopping: {} evaluations without a lower validation loss than {:.6g}",
                                        plan_.patience, to_beat_);
    } else {
      return false;
    }
    return true;
  }

  void train() {
    const auto begin = Clock::now();
    ++record_.step;
    step_.run(record_);
    record_.phase_seconds[static_cast<std::size_t>(Phase::logging)] = logging_seconds_;
    const auto in_epoch = (record_.step - 1) % plan_.steps_per_epoch + 1;
    record_.epoch_progress = static_cast<double>(in_epoch) / static_cast<double>(plan_.steps_per_epoch);
    record_.seconds = seconds_since(begin);
    record_.time = unix_time();
    training_seconds_ += record_.seconds;
    samples_ += record_.samples;
    tokens_ += record_.tokens;
    for (const auto sample : step_.samples()) result_.samples_hash = (result_.samples_hash ^ sample) * fnv_prime;
    if (!record_.skipped) {
      if (std::isnan(result_.initial_loss)) result_.initial_loss = record_.loss;
      result_.final_loss = record_.loss;
    }
    if (record_.step == 1) warn_without_gradient(step_, listener_);
    const auto told = Clock::now();
    tell();
    logging_seconds_ = seconds_since(told);
    if (std::isfinite(record_.loss)) {
      nonfinite_losses_ = 0;
    } else {
      report_nonfinite_loss();
    }
    epoch_.add(record_);
    if (in_epoch == plan_.steps_per_epoch) end_epoch();
  }

  void tell() {
    listener_.step(record_);
    if (const auto* sample = step_.gradient_sample()) {
      auto stamped = *sample;
      stamped.time = record_.time;
      listener_.gradients_sampled(stamped);
      remember_underflow(stamped);
    }
    result_.seconds_at_min_scale += record_.at_min_scale ? record_.seconds : 0;
    if (record_.refused_scale && ++result_.refused_scales == 1) {
      listener_.message(
          BINADE_LOG_WARNING,
          fmt::format("step {}: the precision policy gave a loss scale that is none (negative, zero, "
                      "subnormal, inf or NaN): refused, the scale stays {:g}; binade_amp_refused_scales_total "
                      "counts how often",
                      record_.step, record_.loss_scale));
    }
    if (const auto message = skips_.add(record_)) {
      listener_.message(message->expected ? BINADE_LOG_INFO : BINADE_LOG_WARNING, message->text);
    }
  }

  void remember_underflow(const GradientSample& sample) {
    result_.underflow_ratio = -1;
    for (std::size_t group = 0; group < sample.groups.size(); ++group) {
      const double ratio = underflow_ratio(sample.groups[group], sample.smallest_exponent);
      if (ratio <= result_.underflow_ratio) continue;
      result_.underflow_ratio = ratio;
      result_.underflow_group = step_.gradient_groups()[group];
    }
  }

  void report_nonfinite_loss() {
    constexpr std::size_t shown = 16;
    ++nonfinite_losses_;
    const bool last = plan_.max_nonfinite_losses != 0 && nonfinite_losses_ >= plan_.max_nonfinite_losses;
    if (nonfinite_losses_ > 1 && !last) return;
    std::string samples;
    for (std::size_t i = 0; i < std::min(shown, step_.samples().size()); ++i) {
      samples += fmt::format("{}{}", i == 0 ? "" : ", ", step_.samples()[i]);
    }
    if (step_.samples().size() > shown) samples += fmt::format(", ... ({} in all)", step_.samples().size());
    const auto text = fmt::format(
        "the loss of step {} is {}: a fault of the model or its data, and no overflow of gradients, so the step is "
        "skipped and the loss scale stays. Its samples: {}",
        record_.step, record_.loss, samples);
    if (!last) return listener_.message(BINADE_LOG_WARNING, text);
    throw std::runtime_error(
        fmt::format("{}. It is number {} in a row, where [train] max_nonfinite_losses ends the run; "
                    "a lower [optimizer] lr, these samples and the model are where to look",
                    text, nonfinite_losses_));
  }

  void end_epoch() {
    result_.epochs.push_back(epoch_.summary(result_.epochs.size(), record_.step));
    listener_.epoch_ended({result_.epochs.size() - 1, epoch_.seconds});
    epoch_ = {};
  }

  void evaluate() {
    listener_.state_changed(RunState::evaluating);
    const WeightAverage::Applied averaged(training_.average);
    auto record =
        host::evaluate(evaluation_, training_.model, training_.task, training_.precision.constants(), training_.device);
    record.step = evaluated_step_ = record_.step;
    record.time = unix_time();
    result_.validation_loss = record.loss;
    result_.validation_accuracy = record.accuracy;
    if (!result_.epochs.empty() && result_.epochs.back().steps == record.step) {
      result_.epochs.back().validation_loss = record.loss;
      result_.epochs.back().validation_accuracy = record.accuracy;
    }
    if (record.loss < result_.best_validation_loss || std::isnan(result_.best_validation_loss)) {
      result_.best_validation_loss = record.loss;
      result_.best_step = record.step;
      if (!plan_.best_file.empty()) write_weights(training_.model, plan_.best_file);
    }
    if (record.loss < to_beat_ - plan_.min_delta || std::isinf(to_beat_)) {
      to_beat_ = record.loss;
      evaluations_without_improvement_ = 0;
    } else {
      ++evaluations_without_improvement_;
    }
    listener_.evaluated(record);
    listener_.state_changed(RunState::running);
  }

  const LoopPlan& plan_;
  const Training& training_;
  const EvaluationPlan& evaluation_;
  RunListener& listener_;
  TrainStep step_;
  SkipReport skips_;
  StepRecord record_;
  TrainingResult result_;
  Clock::time_point start_;
  std::uint64_t evaluated_step_ = 0;
  EpochSums epoch_;
  double to_beat_ = std::numeric_limits<double>::infinity();
  std::uint64_t evaluations_without_improvement_ = 0;
  std::uint64_t nonfinite_losses_ = 0;  // in a row
  double training_seconds_ = 0;
  double logging_seconds_ = 0;  // of the step before: a step's own is known only after it was told
  std::uint64_t samples_ = 0, tokens_ = 0;
};

}  // namespace

TrainingResult run_training_loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation,
                                 const std::atomic<int>& stop_signal, RunListener& listener) {
  return Loop(plan, training, evaluation, listener).run(stop_signal);
}

}  // namespace binade::host
