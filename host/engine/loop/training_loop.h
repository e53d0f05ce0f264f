// The loop around the step: when to evaluate, when to stop, what to tell.
#pragma once

#include <map>
#include <string>

#include "host/engine/checkpoint/checkpointer.h"
#include "host/engine/checkpoint/resumed_training.h"
#include "host/engine/loop/evaluation.h"
#include "host/engine/loop/nonfinite_cause.h"
#include "host/engine/loop/train_step.h"
#include "host/engine_api/engine.h"

namespace binade::host {

struct LoopPlan {
  std::uint64_t target_steps = 0;          // 0: until max_seconds
  double max_seconds = 0;                  // 0: no limit
  std::uint64_t evaluate_every = 0;        // steps; 0: only at the end
  bool evaluate_each_epoch = false;        // instead
  EpochPosition begin{};                   // where the run begins, or is resumed
  std::uint64_t epochs = 0;                // that target_steps are; 0: they are [train] steps
  std::uint64_t patience = 0;              // evaluations without improvement that end the run; 0: never
  std::uint64_t max_nonfinite_losses = 0;  // in a row, at which the run fails; 0: never
  double min_delta = 0;                    // what counts as improvement
  std::uint64_t stop_after = 0;            // steps of this process, after which it is interrupted; 0: never
  TrainedOn data{};                        // what is looked at when a loss is not finite
  std::filesystem::path run_folder{};      // the run fails soon after it is gone; empty: there is none
  std::filesystem::path best_file{};       // where to keep the best weights (best_weights.h); empty: nowhere
};

// Checkpoints of a run, and what it goes on from.
struct LoopCheckpoints {
  Checkpointer* checkpointer = nullptr;  // none are written
  std::atomic<bool>* asked = nullptr;    // set from outside: the next step is followed by one
  // A run that goes on: `training` was loaded from it already. nullptr: a run from the start.
  const ResumedTraining* resumed = nullptr;
  // What describes the run beside the classes' own state: written into each snapshot as it is.
  const std::map<std::string, std::string>* run_fingerprint = nullptr;
  const std::map<std::string, std::string>* records = nullptr;
};

// Steps until the plan, the clock or a signal says stop, evaluating in between and at the end (not after a signal,
// which also breaks off an evaluation: the resumed run begins with it). Tells `listener` all of it. Fills the result
// but for what the pipeline knows: parameters, device, precision, hash. A last checkpoint is written at the end,
// whatever ended it; SIGTERM or SIGHUP with a durable one, or before this process's first step, is a preemption. Throws
// std::runtime_error when not a single step could be applied, RunFolderGone.
TrainingResult run_training_loop(const LoopPlan& plan, const Training& training, const EvaluationPlan& evaluation,
                                 const std::atomic<int>& stop_signal, RunListener& listener,
                                 const LoopCheckpoints& checkpoints = {});

}  // namespace binade::host
