// What the training loop knows between two steps.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "host/data/epoch.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// Sums over the samples of the current epoch.
struct EpochSums {
  double loss = 0, correct = 0, seconds = 0;
  std::uint64_t steps = 0, samples = 0;

  void add(const StepRecord& record);
  // Converts what an older version summed up: the losses of steps, whatever their number of samples.
  void weight_by_samples();
  EpochSummary summary(std::uint64_t epoch, std::uint64_t steps_done) const;
};

struct LoopState {
  std::uint64_t batches = 0;                // taken from the loader
  std::optional<EpochPosition> position{};  // of the next batch; missing in checkpoints of older versions
  std::uint64_t evaluated_step = 0;
  EpochSums epoch;
  double to_beat = std::numeric_limits<double>::infinity();  // by early stopping's next improvement
  std::uint64_t evaluations_without_improvement = 0;
  std::uint64_t nonfinite_losses = 0;  // in a row
  TrainingStatistics statistics;       // its seconds are those until the checkpoint
};

nlohmann::json to_json(const LoopState& state);
// Throws nlohmann::json::exception, and std::runtime_error for a position that no epoch has.
LoopState loop_state(const nlohmann::json& json);
// Converts what older versions wrote with another meaning: epoch sums, and NaN as the best loss.
void convert_older_state(LoopState& state);

}  // namespace binade::host
