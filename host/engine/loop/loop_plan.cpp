#include "host/engine/loop/loop_plan.h"

namespace binade::host {
namespace {

// The first of [train] steps and epochs ends the run. The steps of `resumed` are among the target.
void plan_length(LoopPlan& plan, const TrainSettings& train, const LoopState* resumed) {
  plan.target_steps = train.steps.value_or(0);
  if (!train.epochs) return;
  const auto done = resumed == nullptr ? 0 : resumed->statistics.steps;
  const auto steps = done + plan.begin.steps_until(*train.epochs, train.accumulate);
  if (plan.target_steps != 0 && plan.target_steps <= steps) return;
  plan.target_steps = steps;
  plan.epochs = *train.epochs;
}

}  // namespace

LoopPlan plan_loop(const TrainingRequest& request, const TrainingData& data, const LoopState* resumed) {
  const auto& train = request.experiment.train;
  LoopPlan plan;
  plan.begin = data.begin(resumed);
  plan_length(plan, train, resumed);
  plan.schedule_steps = plan.target_steps;
  if (request.dry_run) plan.target_steps = 1;
  plan.max_seconds = train.max_time.value_or(0);
  plan.evaluate_every = train.evaluate_every.value_or(0);
  plan.evaluate_each_epoch = train.epochs && !train.evaluate_every;
  plan.patience = train.early_stopping_patience;
  plan.max_nonfinite_losses = train.max_nonfinite_losses;
  plan.min_delta = train.early_stopping_min_delta;
  plan.stop_after = request.stop_after;
  plan.data = {&request.dataset, &data.split(), data.seed(), request.inputs,
               request.experiment.task.target.value_or("")};
  plan.run_folder = request.weights_file.parent_path();
  const bool evaluates = plan.evaluate_every != 0 || plan.evaluate_each_epoch;
  if (train.keep_best && evaluates) plan.best_file = request.best_file;
  return plan;
}

}  // namespace binade::host
