#include "host/engine/loop/training_loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/base/clock.h"
#include "host/base/error_text.h"
#include "host/engine/checkpoint/best_weights.h"
#include "host/engine/checkpoint/snapshot.h"
#include "host/engine/checkpoint/training_state.h"
#include "host/engine/device/tensor_memory.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/skip_report.h"
#include "host/events/lower_loss.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_epochs = 1000;  // in the summary; metrics.jsonl has all

constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;  // FNV-1a, word by word

// NaN without its sign, which says nothing.
double shown(double loss) { return std::isnan(loss) ? nan : loss; }

void warn_without_gradient(const TrainStep& step, RunListener& listener) {
  const auto& names = step.parameters_without_gradient();
  if (names.empty()) return;
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  listener.message(BINADE_LOG_WARNING, fmt::format("{} got no gradient in the first step and will not be trained: {}",
                                                   names.size() == 1 ? "one parameter" : "parameters", text));
}

class Loop {
 public:
  Loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation, RunListener& listener,
       const LoopCheckpoints& checkpoints)
      : plan_(plan),
        training_(training),
        evaluation_(evaluation),
        listener_(listener),
        checkpoints_(checkpoints),
        step_(training),
        skips_(trained_parameter_names(training.model), training.scaler.enabled()),
        memory_(training.device, listener),
        best_(plan.best_file, checkpoints.checkpointer != nullptr) {
    evaluation_.before_batch = [this] { training_.enter(Activity::evaluation, record_.step); };
    state_.result.samples_hash = fnv_offset;
    if (checkpoints.resumed != nullptr) load(*checkpoints.resumed);
    state_.position = plan.begin;
    first_step_ = record_.step;
  }

  TrainingResult run(const std::atomic<int>& stop_signal) {
    start_ = Clock::now();
    listener_.state_changed(RunState::running);
    tell_when_there_is_nothing_to_do();
    evaluate_when_due();  // one that a signal broke off
    while (!should_stop(stop_signal)) {
      train();
      evaluate_when_due();
      checkpoint_when_due();
    }
    if (state_.result.state == RunState::finished && state_.evaluated_step != record_.step && !evaluate()) {
      should_stop(stop_signal);
    }
    last_checkpoint();
    training_.enter(Activity::ending, record_.step);
    if (state_.result.state == RunState::finished && record_.step > 0 && record_.step == record_.skipped_steps) {
      throw std::runtime_error(fmt::format(
          "none of {} steps could be applied: {} (last loss: {}). A lower [optimizer] lr, the data, or the model's "
          "initial values are where to look.",
          record_.step,
          std::isfinite(record_.loss) ? "every gradient was inf or NaN" : "every loss or gradient was inf or NaN",
          shown(record_.loss)));
    }
    state_.result.seconds = seconds();
    state_.result.samples_per_second = static_cast<double>(state_.samples) / state_.training_seconds;
    if (state_.tokens > 0)
      state_.result.tokens_per_second = static_cast<double>(state_.tokens) / state_.training_seconds;
    state_.result.steps = record_.step;
    state_.result.skipped_steps = record_.skipped_steps;
    state_.result.loss_scale = training_.scaler.get_scale();
    state_.result.skips = skips_.counts();
    state_.result.final_gradient_norm = record_.gradient_norm;
    return state_.result;
  }

 private:
  bool should_stop(const std::atomic<int>& stop_signal) {
    if (const int signal = stop_signal.load(std::memory_order_relaxed); signal != 0) {
      state_.result.state = RunState::interrupted;
      state_.result.stop_reason = fmt::format("signal {}", signal);
      terminated_ = signal == SIGTERM || signal == SIGHUP;
    } else if (plan_.stop_after != 0 && record_.step >= first_step_ + plan_.stop_after && !reached_target()) {
      state_.result.state = RunState::interrupted;
      state_.result.stop_reason = fmt::format("{} steps, as --stop-after says", plan_.stop_after);
    } else if (reached_target()) {
      state_.result.stop_reason = fmt::format("{} steps", record_.step);
    } else if (reached_max_time()) {
      state_.result.stop_reason = fmt::format("max_time of {:g} s", plan_.max_seconds);
    } else if (plan_.patience > 0 && state_.evaluations_without_improvement >= plan_.patience) {
      state_.result.stop_reason = early_stopping_text();
    } else {
      return false;
    }
    return true;
  }

  std::string early_stopping_text() const {
    if (std::isfinite(state_.to_beat)) {
      return fmt::format("early stopping: {} evaluations without a lower validation loss than {:.6g}", plan_.patience,
                         state_.to_beat);
    }
    return fmt::format("early stopping: the validation loss of {} evaluations was not finite", plan_.patience);
  }

  void tell_when_there_is_nothing_to_do() {
    if (checkpoints_.resumed == nullptr) return;
    if (reached_target()) {
      const auto* unit = plan_.epochs != 0 ? "epochs" : "steps";
      const auto done = plan_.epochs != 0 ? plan_.epochs : record_.step;
      listener_.message(BINADE_LOG_INFO, fmt::format("all {} {} are done already; `--set train.{}={}` trains on", done,
                                                     unit, unit, 2 * done));
    } else if (reached_max_time()) {
      listener_.message(BINADE_LOG_INFO,
                        fmt::format("[train] max_time of {:g} s is over: the run had {:.1f} s before; `--set "
                                    "train.max_time={:g}s` trains on",
                                    plan_.max_seconds, state_.seconds, std::ceil(state_.seconds + plan_.max_seconds)));
    }
  }

  bool reached_max_time() const { return plan_.max_seconds > 0 && seconds() >= plan_.max_seconds; }
  bool reached_target() const { return plan_.target_steps != 0 && record_.step >= plan_.target_steps; }

  // Of all processes that the run had.
  double seconds() const { return state_.seconds + seconds_since(start_); }

  void train() {
    const auto begin = Clock::now();
    ++record_.step;
    step_.run(record_);
    record_.phase_seconds[static_cast<std::size_t>(Phase::logging)] = logging_seconds_;
    record_.seconds = seconds_since(begin);
    record_.time = unix_time();
    state_.training_seconds += record_.seconds;
    state_.samples += record_.samples;
    state_.tokens += record_.tokens;
    state_.batches += step_.micro_batches();
    state_.position = step_.position();
    for (const auto sample : step_.samples())
      state_.result.samples_hash = (state_.result.samples_hash ^ sample) * fnv_prime;
    if (!record_.skipped) {
      if (std::isnan(state_.result.initial_loss)) {
        state_.result.initial_loss = record_.loss;
        state_.result.initial_cross_entropy = record_.cross_entropy;
      }
      state_.result.final_loss = record_.loss;
      state_.result.final_cross_entropy = record_.cross_entropy;
    }
    require_run_folder_now_and_then();
    if (record_.step == first_step_ + 1) warn_without_gradient(step_, listener_);
    const auto told = Clock::now();
    training_.enter(Activity::logging, record_.step);
    tell();
    logging_seconds_ = seconds_since(told);
    if (std::isfinite(record_.loss)) {
      state_.nonfinite_losses = 0;
    } else {
      report_nonfinite_loss();
    }
    state_.epoch.add(record_);
    if (state_.position->at_start()) end_epoch();
  }

  void require_run_folder_now_and_then() {
    const double passed = record_.time - folder_seen_;
    if (plan_.run_folder.empty() || (passed >= 0 && passed < 1)) return;  // a clock may be set back
    require_run_folder(plan_.run_folder);
    folder_seen_ = record_.time;
  }

  void tell() {
    listener_.step(record_);
    memory_.poll(record_.time);
    if (const auto* sample = step_.gradient_sample()) {
      auto stamped = *sample;
      stamped.time = record_.time;
      listener_.gradients_sampled(stamped);
      remember_underflow(stamped);
    }
    state_.result.seconds_at_min_scale += record_.at_min_scale ? record_.seconds : 0;
    if (record_.refused_scale && ++state_.result.refused_scales == 1) {
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
    state_.result.underflow_ratio = -1;
    for (std::size_t group = 0; group < sample.groups.size(); ++group) {
      const double ratio = underflow_ratio(sample.groups[group], sample.smallest_exponent);
      if (ratio <= state_.result.underflow_ratio) continue;
      state_.result.underflow_ratio = ratio;
      state_.result.underflow_group = step_.gradient_groups()[group];
    }
  }

  void report_nonfinite_loss() {
    ++state_.nonfinite_losses;
    const bool last = plan_.max_nonfinite_losses != 0 && state_.nonfinite_losses >= plan_.max_nonfinite_losses;
    if (state_.nonfinite_losses > 1 && !last) return;
    const auto cause =
        nonfinite_cause(training_.model, training_.precision.constants(), plan_.data, record_.epoch, step_.samples());
    auto text = fmt::format(
        "the loss of step {} is {}: {}. This is no overflow of gradients, so the step is skipped and the loss scale "
        "stays",
        record_.step, shown(record_.loss), cause.text);
    if (cause.of_samples) text += ". Its samples: " + samples_text();
    if (!last) return listener_.message(BINADE_LOG_WARNING, text);
    throw std::runtime_error(
        fmt::format("{}. It is number {} in a row, where [train] max_nonfinite_losses ends the run", text,
                    state_.nonfinite_losses));
  }

  std::string samples_text() const {
    constexpr std::size_t shown = 16;
    const auto& samples = step_.samples();
    const auto end = samples.begin() + static_cast<std::ptrdiff_t>(std::min(shown, samples.size()));
    auto text = fmt::format("{}", fmt::join(samples.begin(), end, ", "));
    if (samples.size() > shown) text += fmt::format(", ... ({} in all)", samples.size());
    return text;
  }

  void end_epoch() {
    auto& epochs = state_.result.epochs;
    if (epochs.size() >= max_epochs) forget_an_epoch();
    epochs.push_back(state_.epoch.summary(record_.epoch, record_.step));
    listener_.epoch_ended({record_.epoch, state_.epoch.seconds});
    state_.epoch = {};
  }

  // The oldest, but never the best.
  void forget_an_epoch() {
    auto& epochs = state_.result.epochs;
    const bool first_is_best = epochs.front().validation_loss == state_.result.best_validation_loss;
    epochs.erase(epochs.begin() + (first_is_best ? 1 : 0));
  }

  void evaluate_when_due() {
    if (record_.step == 0 || state_.evaluated_step == record_.step) return;
    const bool due = plan_.evaluate_each_epoch ? state_.position->at_start()
                                               : plan_.evaluate_every != 0 && record_.step % plan_.evaluate_every == 0;
    if (due) evaluate();
  }

  // False when a signal broke it off: then nothing of it is left.
  bool evaluate() {
    listener_.state_changed(RunState::evaluating);
    const WeightAverage::Applied averaged(training_.average);
    const RandomState random(training_.device);
    auto evaluated =
        host::evaluate(evaluation_, training_.model, training_.task, training_.precision.constants(), training_.device);
    training_.enter(Activity::logging, record_.step);
    if (!evaluated) {
      random.restore();
      return false;
    }
    auto& record = *evaluated;
    record.step = state_.evaluated_step = record_.step;
    record.time = unix_time();
    state_.result.validation_loss = record.loss;
    state_.result.validation_accuracy = record.accuracy;
    if (!state_.result.epochs.empty() && state_.result.epochs.back().steps == record.step) {
      state_.result.epochs.back().validation_loss = record.loss;
      state_.result.epochs.back().validation_accuracy = record.accuracy;
    }
    compare(record);
    listener_.evaluated(record);
    listener_.state_changed(RunState::running);
    return true;
  }

  // With the best until now, and with what early stopping measures by.
  void compare(const EvaluationRecord& record) {
    if (!std::isfinite(record.loss) && !std::exchange(told_of_nonfinite_evaluation_, true)) {
      const auto weights = nonfinite_weights(training_.model);
      listener_.message(BINADE_LOG_WARNING,
                        fmt::format("the validation loss of step {} is {}{}: this counts as an evaluation without "
                                    "improvement, and such weights are never the best (said once; "
                                    "binade_loss_nonfinite_total counts how often)",
                                    record.step, shown(record.loss), weights.empty() ? "" : ", because " + weights));
    }
    auto& result = state_.result;
    // One that cannot be kept is not the best: what is told of and the file stay one.
    if (is_lower(record.loss, result.best_validation_loss) &&
        change_best([&] { best_.keep(training_.model, record.step); })) {
      result.best_validation_loss = record.loss;
      result.best_step = record.step;
    }
    if (is_lower(record.loss, state_.to_beat - plan_.min_delta)) {
      state_.to_beat = record.loss;
      state_.evaluations_without_improvement = 0;
    } else {
      ++state_.evaluations_without_improvement;
    }
  }

  // What TrainStep keeps from step to step stands in the record.
  void save(Snapshot& snapshot) {
    auto state = state_;
    state.step = record_.step;
    state.skipped_steps = record_.skipped_steps;
    state.gradient_norm = record_.gradient_norm;
    state.seconds = seconds();
    snapshot.values["loop"] = to_json(state);
    if (checkpoints_.run_fingerprint != nullptr) snapshot.values["made_by"] = *checkpoints_.run_fingerprint;
    if (checkpoints_.records != nullptr) snapshot.values["records"] = *checkpoints_.records;
    snapshot.values["skips"] = skips_.state();
    save_training(training_, snapshot);
  }

  void load(const ResumedTraining& resumed) {
    state_ = resumed.loop();
    if (!state_.position) state_.epoch.weight_by_samples();
    record_.step = state_.step;
    record_.skipped_steps = state_.skipped_steps;
    record_.gradient_norm = state_.gradient_norm;
    skips_.load(resumed.snapshot().values.at("skips"));
    forget_nonfinite_best();
    if (best_.go_on_from(state_.result.best_step)) return;
    listener_.message(BINADE_LOG_WARNING,
                      fmt::format("the weights of step {}, the best one until the checkpoint of step {}, are gone: "
                                  "there is a {} again once a step is better",
                                  state_.result.best_step, record_.step, plan_.best_file.filename().string()));
  }

  // Checkpoints of older versions may say that NaN is the best.
  void forget_nonfinite_best() {
    auto& result = state_.result;
    if (!std::isfinite(result.best_validation_loss)) {
      result.best_validation_loss = nan;
      result.best_step = 0;
    }
    if (!std::isfinite(state_.to_beat)) state_.to_beat = std::numeric_limits<double>::infinity();
  }

  void checkpoint() {
    training_.enter(Activity::checkpoint, record_.step);
    const bool evaluated = state_.evaluated_step == record_.step;
    checkpoints_.checkpointer->save(record_.step,
                                    evaluated ? std::optional(state_.result.validation_loss) : std::nullopt,
                                    [this](Snapshot& snapshot) {
                                      follow_checkpoint();  // the one before, which was waited for
                                      save(snapshot);
                                      change_best([this] { best_.checkpoint_taken(); });
                                      taken_step_ = record_.step;
                                    });
  }

  // What the newest snapshot knows of counts once that is durable.
  void follow_checkpoint() {
    if (taken_step_ == 0 || checkpoints_.checkpointer->saved_step() != taken_step_) return;
    change_best([this] { best_.checkpoint_durable(); });
    taken_step_ = 0;
  }

  // Training needs no such file: false where the disk refuses, which is said once.
  bool change_best(const std::function<void()>& change) {
    try {
      change();
      return true;
    } catch (const std::system_error& error) {
      require_run_folder(plan_.best_file.parent_path());
      const auto text = fmt::format(
          "the best weights of step {} are not kept: {}; training goes on, and the next ones "
          "are tried when there are better ones",
          record_.step, error_text(error));
      if (!std::exchange(told_of_best_, true)) listener_.message(BINADE_LOG_WARNING, text);
      return false;
    }
  }

  void checkpoint_when_due() {
    if (checkpoints_.checkpointer == nullptr) return;
    if (checkpoints_.asked != nullptr && checkpoints_.asked->exchange(false)) checkpoints_.checkpointer->ask();
    const bool last_follows = reached_target();
    const bool due = checkpoints_.checkpointer->due(record_.step);
    follow_checkpoint();
    if (due && !last_follows) checkpoint();
  }

  void last_checkpoint() {
    bool nothing_lost = record_.step == first_step_;  // in this process
    if (checkpoints_.checkpointer != nullptr) {
      if (record_.step != 0) checkpoint();
      const bool durable = checkpoints_.checkpointer->finish(record_.step);
      nothing_lost = nothing_lost || durable;
      follow_checkpoint();
      if (state_.result.state == RunState::finished) change_best([this] { best_.run_finished(); });
    }
    if (terminated_ && nothing_lost) state_.result.state = RunState::preempted;
  }

  const LoopPlan& plan_;
  const Training& training_;
  EvaluationPlan evaluation_;
  RunListener& listener_;
  LoopCheckpoints checkpoints_;
  TrainStep step_;
  SkipReport skips_;
  DeviceMemorySampler memory_;
  BestWeights best_;
  StepRecord record_;
  LoopState state_;
  Clock::time_point start_;
  std::uint64_t first_step_ = 0;  // behind which this process began
  std::uint64_t taken_step_ = 0;  // of the newest snapshot; 0: it is durable, or there is none
  bool terminated_ = false;       // by SIGTERM or SIGHUP
  bool told_of_best_ = false;     // that it cannot be kept
  bool told_of_nonfinite_evaluation_ = false;
  double folder_seen_ = 0;      // when the run's folder was looked for; Unix, seconds
  double logging_seconds_ = 0;  // of the step before: a step's own is known only after it was told
};

}  // namespace

TrainingResult run_training_loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation,
                                 const std::atomic<int>& stop_signal, RunListener& listener,
                                 const LoopCheckpoints& checkpoints) {
  return Loop(plan, training, evaluation, listener, checkpoints).run(stop_signal);
}

}  // namespace binade::host
