// The checkpoint that a run goes on from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/checkpoint/snapshot.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/train_step.h"

namespace binade::host {

// Read whole, and refused where it is of another run, before anything of it is used: a model that is another one may
// fit by chance. The checkpoint outlives this.
class ResumedTraining {
 public:
  // `run_fingerprint`: what this process is about to do, as the checkpoint's own was described. Throws CheckpointError.
  ResumedTraining(const Checkpoint& checkpoint, const std::map<std::string, std::string>& run_fingerprint);

  const Snapshot& snapshot() const { return snapshot_; }
  const LoopState& loop() const { return loop_; }
  // Of a target that was standardized; nullptr where it was not.
  const TargetScale* target_scale() const { return target_scale_ ? &*target_scale_ : nullptr; }
  // Why the run will not be the one that was interrupted; empty: it will be, exactly.
  const std::vector<std::string>& differences() const { return differences_; }
  // "as far as ..." where the data were compared in part only; else empty.
  const std::string& compared_data() const { return compared_data_; }

  // Throws CheckpointError for what does not fit, and PluginError.
  void load(const Training& training) const;

 private:
  std::filesystem::path folder_;
  Snapshot snapshot_;
  LoopState loop_;
  std::optional<TargetScale> target_scale_;
  std::vector<std::string> differences_;
  std::string compared_data_;
};

}  // namespace binade::host
