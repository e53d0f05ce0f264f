// What a run's training loop is going to do.
#pragma once

#include <cstdint>
#include <filesystem>

#include "host/data/epoch.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/nonfinite_cause.h"
#include "host/engine/loop/training_data.h"
#include "host/engine_api/engine.h"

namespace binade::host {

struct LoopPlan {
  std::uint64_t target_steps = 0;          // 0: until max_seconds
  std::uint64_t schedule_steps = 0;        // that the schedule is planned for: more than the target in a dry run
  double max_seconds = 0;                  // 0: no limit
  std::uint64_t evaluate_every = 0;        // steps; 0: only at the end
  bool evaluate_each_epoch = false;        // instead
  EpochPosition begin{};                   // where the run begins, or is resumed
  std::uint64_t epochs = 0;                // that target_steps amount to; 0: they are [train] steps
  std::uint64_t patience = 0;              // evaluations without improvement that end the run; 0: never
  std::uint64_t max_nonfinite_losses = 0;  // in a row, at which the run fails; 0: never
  double min_delta = 0;                    // what counts as improvement
  std::uint64_t stop_after = 0;            // steps of this process, after which it is interrupted; 0: never
  TrainedOn data{};                        // searched when a loss is not finite
  std::filesystem::path run_folder{};      // the run fails soon after it is gone; empty: there is none
  std::filesystem::path best_file{};       // where to keep the best weights (best_weights.h); empty: nowhere
};

// `resumed`: nullptr for a run from the start. The request and `data` must outlive the plan.
LoopPlan plan_loop(const TrainingRequest& request, const TrainingData& data, const LoopState* resumed);

}  // namespace binade::host
