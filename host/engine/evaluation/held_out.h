// The splits that are neither trained on nor validated with, such as "test".
#pragma once

#include <filesystem>
#include <vector>

#include "host/engine/evaluation/evaluation.h"
#include "host/engine/loop/training.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// To be filled by name. All references must outlive the call.
struct HeldOutEvaluation {
  const EvaluationPlan& validation;  // for all but the split
  Training& training;
  const TrainingStatistics& statistics;
  std::filesystem::path best_file;  // loaded into the model if it exists
  bool dry_run = false;             // one batch of each split
  RunListener& listener;
};

// Evaluates each of these splits once, after training, with the best weights of the run if they were kept, otherwise
// with the averaged or the last ones. Changes the model's weights, so they must have been saved before. Reports to the
// listener, under the run's last step. A signal ends it with a warning that names the splits that were not evaluated.
std::vector<HeldOutResult> evaluate_held_out(const HeldOutEvaluation& what);

}  // namespace binade::host
