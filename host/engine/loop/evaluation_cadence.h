// When the model is evaluated, and what follows from it: the best weights and early stopping.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/engine/checkpoint/best_weights.h"
#include "host/engine/evaluation/evaluation.h"
#include "host/engine/loop/loop_plan.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/training.h"
#include "host/events/events.h"

namespace binade::host {

class EvaluationCadence {
 public:
  // All of it must outlive the cadence.
  struct Parts {
    const LoopPlan& plan;
    const std::vector<EvaluationPlan>& evaluations;  // the first one decides, the others are reported
    Training& training;
    LoopState& state;
    BestWeights& best;
    RunListener& listener;
  };
  explicit EvaluationCadence(const Parts& parts);
  EvaluationCadence(const EvaluationCadence&) = delete;
  EvaluationCadence& operator=(const EvaluationCadence&) = delete;

  // After each step, and before the first one: a signal may have broken off the evaluation of a resumed run's last
  // step.
  void evaluate_when_due();
  // At the end: the last step, unless it was evaluated already. Returns false when a signal broke it off.
  bool evaluate_last_step();

  // Why early stopping ends the run; empty while it does not.
  std::string reason_to_stop() const;

 private:
  bool is_evaluated() const;
  bool evaluate();
  std::optional<std::vector<EvaluationRecord>> evaluate_splits();
  void record(const EvaluationRecord& evaluated);
  void keep_if_best(const EvaluationRecord& evaluated);
  void compare_for_early_stopping(const EvaluationRecord& evaluated);
  void warn_if_nonfinite(const EvaluationRecord& evaluated);

  const LoopPlan& plan_;
  std::vector<EvaluationPlan> evaluations_;
  Training& training_;
  LoopState& state_;
  BestWeights& best_;
  RunListener& listener_;
  bool warned_ = false;  // of a loss that is not finite
};

}  // namespace binade::host
