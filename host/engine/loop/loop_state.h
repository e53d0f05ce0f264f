// What the training loop knows between two steps.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "host/data/epoch.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// Means over the samples of an epoch.
struct EpochSums {
  double loss = 0, correct = 0, seconds = 0;
  std::uint64_t steps = 0, samples = 0;

  void add(const StepRecord& record);
  // Of what an older version summed up: the losses of steps, whatever their samples.
  void weight_by_samples();
  EpochSummary summary(std::uint64_t epoch, std::uint64_t steps_done) const;
};

struct LoopState {
  std::uint64_t step = 0, skipped_steps = 0;
  std::uint64_t batches = 0;                // taken from the loader
  std::optional<EpochPosition> position{};  // of the next of them; checkpoints of older versions do not have it
  std::uint64_t samples = 0, tokens = 0;
  double training_seconds = 0;  // of steps
  double seconds = 0;           // of all, until the checkpoint
  std::uint64_t evaluated_step = 0;
  EpochSums epoch;
  double to_beat = std::numeric_limits<double>::infinity();
  std::uint64_t evaluations_without_improvement = 0;
  std::uint64_t nonfinite_losses = 0;  // in a row
  double gradient_norm = nan;          // of the last step
  TrainingResult result;               // what it has of losses, epochs, hashes and counts
};

nlohmann::json to_json(const LoopState& state);
// Throws nlohmann::json::exception, and std::runtime_error for a position that no epoch has.
LoopState loop_state(const nlohmann::json& json);

}  // namespace binade::host
