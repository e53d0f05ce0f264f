// best.safetensors: the weights of the lowest validation loss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include "host/engine/model/model.h"
#include "host/events/events.h"

namespace binade::host {

// In a run that writes checkpoints the file follows them: new weights wait in best-<step>.safetensors beside it until a
// checkpoint that knows of them is durable. So a resumed run has the best weights of its own history, and not those of
// steps that were lost. Training does not need the file: what the disk refuses is reported to the listener, once. All
// calls must come from the training thread; they throw RunFolderGone.
class BestWeights {
 public:
  // `file`: empty to keep none. `with_checkpoints`: whether the run writes checkpoints; without, the file is written at
  // once.
  BestWeights(std::filesystem::path file, bool with_checkpoints, RunListener& listener);

  // Keeps the model's weights of `step` as the best so far. Returns false where the disk refuses.
  bool keep(const Model& model, std::uint64_t step);

  // A snapshot was taken: it knows of all weights kept so far.
  void checkpoint_taken();
  // That snapshot is durable.
  void checkpoint_durable();
  // The run is finished: puts the waiting weights in place.
  void run_finished();

  // The run resumes from a checkpoint whose best step is `best_step`; 0: it has none. Puts its weights in place and
  // removes those of other steps. Returns false when its weights are gone. Throws std::system_error.
  bool resume(std::uint64_t best_step);

 private:
  bool attempt(std::uint64_t step, const std::function<void()>& change);
  std::filesystem::path waiting_file(std::uint64_t step) const;
  void put_in_place(std::uint64_t step) const;
  bool is_in_place(std::uint64_t step) const;
  void remove_waiting() const;

  std::filesystem::path file_;
  bool with_checkpoints_;
  RunListener& listener_;
  bool reported_ = false;                        // that the disk refuses
  std::optional<std::uint64_t> newest_, taken_;  // waiting: the best one, and that of the newest snapshot
};

}  // namespace binade::host
