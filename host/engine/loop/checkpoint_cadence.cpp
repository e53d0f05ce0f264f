#include "host/engine/loop/checkpoint_cadence.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "host/engine/checkpoint/snapshot.h"
#include "host/engine/checkpoint/training_state.h"

namespace binade::host {

void CheckpointCadence::save_when_due() {
  auto* const checkpointer = parts_.checkpoints.checkpointer;
  auto* const asked = parts_.checkpoints.asked;
  if (checkpointer == nullptr) return;
  if (asked != nullptr && asked->exchange(false)) checkpointer->ask();
  const bool due = checkpointer->due(parts_.state.statistics.steps);
  follow();
  if (due && !parts_.stop.has_reached_target()) save();
}

bool CheckpointCadence::save_last() {
  const auto step = parts_.state.statistics.steps;
  const bool unchanged = step == first_step_;
  if (parts_.checkpoints.checkpointer == nullptr) return unchanged;
  if (step != 0) save();
  const bool durable = parts_.checkpoints.checkpointer->finish(step);
  follow();
  if (parts_.stop.state() == RunState::finished) parts_.best.run_finished();
  return unchanged || durable;
}

void CheckpointCadence::save() {
  const auto& state = parts_.state;
  const auto step = state.statistics.steps;
  parts_.training.enter(Activity::checkpoint, step);
  const auto validation_loss =
      state.evaluated_step == step ? std::optional(state.statistics.validation_loss) : std::nullopt;
  parts_.checkpoints.checkpointer->save(step, validation_loss, [this, step](Snapshot& snapshot) {
    follow();  // the previous one, which save() waited for
    fill(snapshot);
    parts_.best.checkpoint_taken();
    taken_step_ = step;
  });
}

void CheckpointCadence::fill(Snapshot& snapshot) const {
  auto state = parts_.state;
  state.statistics.seconds = parts_.stop.seconds();
  snapshot.values["loop"] = to_json(state);
  if (const auto* fingerprint = parts_.checkpoints.run_fingerprint) snapshot.values["made_by"] = *fingerprint;
  if (const auto* records = parts_.checkpoints.records) snapshot.values["records"] = *records;
  snapshot.values["skips"] = parts_.skips.state();
  save_training(parts_.training, snapshot);
}

// The best weights that the newest snapshot knows of take their place once it is durable.
void CheckpointCadence::follow() {
  if (taken_step_ == 0 || parts_.checkpoints.checkpointer->saved_step() != taken_step_) return;
  parts_.best.checkpoint_durable();
  taken_step_ = 0;
}

}  // namespace binade::host
