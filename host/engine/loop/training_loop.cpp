#include "host/engine/loop/training_loop.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/clock.h"
#include "host/engine/checkpoint/best_weights.h"
#include "host/engine/checkpoint/snapshot.h"
#include "host/engine/device/tensor_memory.h"
#include "host/engine/loop/evaluation_cadence.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/nonfinite_cause.h"
#include "host/engine/loop/step_reporter.h"
#include "host/engine/loop/stop_condition.h"
#include "host/engine/loop/train_step.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

LoopState state_at_start(const TrainingLoop& loop) {
  constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325;
  LoopState state;
  state.statistics.samples_hash = fnv_offset;
  if (loop.checkpoints.resumed != nullptr) state = loop.checkpoints.resumed->loop();
  state.position = loop.plan.begin;
  return state;
}

StepRecord record_at_start(const LoopState& state) {
  StepRecord record;
  record.step = state.statistics.steps;
  record.skipped_steps = state.statistics.skipped_steps;
  return record;
}

void take(TrainStep& step, StepRecord& record) {
  const auto begin = std::chrono::steady_clock::now();
  ++record.step;
  step.run(record);
  record.seconds = seconds_since(begin);
  record.time = unix_time();
}

// Looks for the run's folder, at most once a second.
class RunFolderCheck {
 public:
  explicit RunFolderCheck(const std::filesystem::path& folder) : folder_(folder) {}
  void check(double time) {
    const double passed = time - checked_;
    if (folder_.empty() || (passed >= 0 && passed < 1)) return;  // the clock may be set back
    require_run_folder(folder_);
    checked_ = time;
  }

 private:
  const std::filesystem::path& folder_;
  double checked_ = 0;  // Unix, seconds
};

void require_an_applied_step(const StepRecord& last) {
  if (last.step == 0 || last.step != last.skipped_steps) return;
  throw std::runtime_error(fmt::format(
      "none of {} steps could be applied: {} (last loss: {}). Look at the data and the model's initial values, or try "
      "a "
      "lower [optimizer] lr.",
      last.step, std::isfinite(last.loss) ? "every gradient was inf or NaN" : "every loss or gradient was inf or NaN",
      without_nan_sign(last.loss)));
}

// The parts of the loop, built in this order.
class Loop {
 public:
  explicit Loop(const TrainingLoop& loop) : loop_(loop) {
    if (loop.checkpoints.resumed != nullptr) resume(loop.checkpoints.resumed->snapshot());
  }
  LoopResult run();

 private:
  void resume(const Snapshot& snapshot);
  TrainingOutcome outcome(bool nothing_lost) const;

  const TrainingLoop& loop_;
  LoopState state_ = state_at_start(loop_);
  StepRecord record_ = record_at_start(state_);
  TrainStep step_{loop_.training};
  StepReporter reporter_{
      {.plan = loop_.plan, .training = loop_.training, .step = step_, .state = state_, .listener = loop_.listener}};
  BestWeights best_{loop_.plan.best_file, loop_.checkpoints.checkpointer != nullptr, loop_.listener};
  EvaluationCadence evaluations_{{.plan = loop_.plan,
                                  .evaluations = loop_.evaluations,
                                  .training = loop_.training,
                                  .state = state_,
                                  .best = best_,
                                  .listener = loop_.listener}};
  StopCondition stop_{loop_.plan, loop_.stop_signal, evaluations_, state_};
  CheckpointCadence checkpoints_{{.checkpoints = loop_.checkpoints,
                                  .training = loop_.training,
                                  .stop = stop_,
                                  .skips = reporter_.skips(),
                                  .state = state_,
                                  .best = best_}};
  RunFolderCheck folder_{loop_.plan.run_folder};
};

LoopResult Loop::run() {
  loop_.listener.state_changed(RunState::running);
  if (const auto text = stop_.nothing_left_to_do(); !text.empty()) loop_.listener.message(BINADE_LOG_INFO, text);
  evaluations_.evaluate_when_due();
  while (!stop_.is_met()) {
    take(step_, record_);
    folder_.check(record_.time);
    reporter_.report(record_);
    evaluations_.evaluate_when_due();
    checkpoints_.save_when_due();
  }
  if (stop_.state() == RunState::finished && !evaluations_.evaluate_last_step()) stop_.is_met();
  const bool nothing_lost = checkpoints_.save_last();
  loop_.training.enter(Activity::ending, record_.step);
  if (stop_.state() == RunState::finished) require_an_applied_step(record_);
  state_.statistics.seconds = stop_.seconds();
  return {state_.statistics, outcome(nothing_lost)};
}

void Loop::resume(const Snapshot& snapshot) {
  reporter_.load_skips(snapshot.values.at("skips"));
  const auto best_step = state_.statistics.best_step;
  if (best_.resume(best_step)) return;
  loop_.listener.message(
      BINADE_LOG_WARNING,
      fmt::format("the weights of step {}, the best one until the checkpoint of step {}, are gone: there "
                  "will be a {} again after a better step",
                  best_step, state_.statistics.steps, loop_.plan.best_file.filename().string()));
}

TrainingOutcome Loop::outcome(bool nothing_lost) const {
  return {.state = stop_.is_terminated() && nothing_lost ? RunState::preempted : stop_.state(),
          .stop_reason = stop_.reason(),
          .loss_scale = loop_.training.scaler.get_scale(),
          .skips = reporter_.skips().counts(),
          .peak_tensor_bytes = peak_tensor_bytes(loop_.training.device)};
}

}  // namespace

LoopResult run_training_loop(const TrainingLoop& loop) { return Loop(loop).run(); }

}  // namespace binade::host
