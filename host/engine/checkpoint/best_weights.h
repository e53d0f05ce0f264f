// best.safetensors: the weights of the lowest validation loss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "host/engine/model/model.h"

namespace binade::host {

// Where a run writes checkpoints, the file follows them: new weights wait in best-<step>.safetensors beside it until a
// checkpoint that knows of them is durable. So a run that goes on from a checkpoint has the best weights of its own
// history, and not those of steps that were given up. All calls come from the training thread, and throw
// std::system_error naming the file.
class BestWeights {
 public:
  // `file`: empty: none are kept. `with_checkpoints`: whether the file follows them; else it is written at once.
  BestWeights(std::filesystem::path file, bool with_checkpoints);

  // The model's weights of `step` are the best until now.
  void keep(const Model& model, std::uint64_t step);

  // A snapshot is taken: it knows of all that was kept until now.
  void checkpoint_taken();
  // That snapshot is durable.
  void checkpoint_durable();
  // The run is finished: what waits, waits no longer.
  void run_finished();

  // The run goes on from a checkpoint whose best step is this; 0: none. Puts its weights in place and removes those of
  // other steps. False when its weights are gone.
  bool go_on_from(std::uint64_t best_step);

 private:
  std::filesystem::path waiting_file(std::uint64_t step) const;
  void put_in_place(std::uint64_t step) const;
  bool is_in_place(std::uint64_t step) const;
  void remove_waiting() const;

  std::filesystem::path file_;
  bool with_checkpoints_;
  std::optional<std::uint64_t> newest_, taken_;  // waiting: the best one, and that of the newest snapshot
};

}  // namespace binade::host
