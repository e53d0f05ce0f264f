// The loop around the step.
#pragma once

#include <atomic>
#include <vector>

#include "host/engine/evaluation/evaluation.h"
#include "host/engine/loop/checkpoint_cadence.h"
#include "host/engine/loop/loop_plan.h"
#include "host/engine/loop/training.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// To be filled by name. All references must outlive the call.
struct TrainingLoop {
  const LoopPlan& plan;
  Training& training;
  const std::vector<EvaluationPlan>& evaluations;  // the first one decides about the best weights and early stopping
  const std::atomic<int>& stop_signal;
  RunListener& listener;
  LoopCheckpoints checkpoints{};
};

struct LoopResult {
  TrainingStatistics statistics;
  TrainingOutcome outcome;
};

// Trains until the plan, the clock or a signal ends it, evaluates on the way and at the end, and reports to the
// listener. After a signal nothing is evaluated, and an evaluation under way is broken off: the resumed run begins with
// it. Writes a last checkpoint, whatever ended the run; SIGTERM or SIGHUP with a durable one, or before this process's
// first step, is a preemption. Throws std::runtime_error when not a single step could be applied, and RunFolderGone.
LoopResult run_training_loop(const TrainingLoop& loop);

}  // namespace binade::host
