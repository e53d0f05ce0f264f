// The loop around the step: when to evaluate, when to stop, what to tell.
#pragma once

#include "host/engine/engine.h"
#include "host/engine/evaluation.h"
#include "host/engine/train_step.h"

namespace binade::host {

struct LoopPlan {
  std::uint64_t target_steps = 0;    // 0: until max_seconds
  double max_seconds = 0;            // 0: no limit
  std::uint64_t evaluate_every = 0;  // steps; 0: only at the end
  std::uint64_t steps_per_epoch = 1;
  std::uint64_t patience = 0;              // evaluations without improvement that end the run; 0: never
  std::uint64_t max_nonfinite_losses = 0;  // in a row, at which the run fails; 0: never
  double min_delta = 0;                    // what counts as improvement
  std::filesystem::path best_file{};       // where to keep the best weights; empty: nowhere
};

// Steps until the plan, the clock or a signal says stop, evaluating in between and at the end (not after a signal).
// Tells `listener` all of it. Fills the result but for what the pipeline knows: parameters, device, precision, hash.
// Throws std::runtime_error when not a single step could be applied.
TrainingResult run_training_loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation,
                                 const std::atomic<int>& stop_signal, RunListener& listener);

}  // namespace binade::host
