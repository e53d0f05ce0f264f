#include "host/engine/loop/loop_plan.h"

#include "host/experiment/schema/sections.h"

namespace binade::host {
namespace {

std::uint64_t unsigned_option(const OptionTable& table, std::string_view name) {
  return table.has(name) ? static_cast<std::uint64_t>(table.integer(name)) : 0;
}

// The first of [train] steps and epochs ends the run. The steps of `resumed` are among the target.
void plan_length(LoopPlan& plan, const OptionTable& train, const LoopState* resumed) {
  plan.target_steps = unsigned_option(train, "steps");
  const auto epochs = unsigned_option(train, "epochs");
  if (epochs == 0) return;
  const auto done = resumed == nullptr ? 0 : resumed->statistics.steps;
  const auto steps = done + plan.begin.steps_until(epochs, unsigned_option(train, "accumulate"));
  if (plan.target_steps != 0 && plan.target_steps <= steps) return;
  plan.target_steps = steps;
  plan.epochs = epochs;
}

}  // namespace

LoopPlan plan_loop(const TrainingRequest& request, const TrainingData& data, const LoopState* resumed) {
  const auto& train = request.experiment.train;
  const auto& task = request.experiment.task;
  LoopPlan plan;
  plan.begin = data.begin(resumed);
  plan_length(plan, train, resumed);
  plan.schedule_steps = plan.target_steps;
  if (request.dry_run) plan.target_steps = 1;
  plan.max_seconds = train.has("max_time") ? max_seconds(train) : 0;
  plan.evaluate_every = unsigned_option(train, "evaluate_every");
  plan.evaluate_each_epoch = train.has("epochs") && !train.has("evaluate_every");
  plan.patience = unsigned_option(train, "early_stopping.patience");
  plan.max_nonfinite_losses = unsigned_option(train, "max_nonfinite_losses");
  plan.min_delta = train.number("early_stopping.min_delta");
  plan.stop_after = request.stop_after;
  plan.data = {&request.dataset, &data.split(), data.seed(), request.inputs,
               task.has("target") ? task.string("target") : ""};
  plan.run_folder = request.weights_file.parent_path();
  const bool evaluates = plan.evaluate_every != 0 || plan.evaluate_each_epoch;
  if (train.boolean("keep_best") && evaluates) plan.best_file = request.best_file;
  return plan;
}

}  // namespace binade::host
