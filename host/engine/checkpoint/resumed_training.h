// The checkpoint that a run resumes from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/checkpoint/snapshot.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/training.h"

namespace binade::host {

// Reads the whole checkpoint, and refuses that of another run, before any part of it is used: a different model may fit
// by chance. The checkpoint must outlive this.
class ResumedTraining {
 public:
  // `run_fingerprint`: describes this process as the checkpoint describes its own. Throws CheckpointError.
  ResumedTraining(const Checkpoint& checkpoint, const std::map<std::string, std::string>& run_fingerprint);

  const Snapshot& snapshot() const { return snapshot_; }
  const LoopState& loop() const { return loop_; }
  // Of a standardized target; nullptr for any other.
  const TargetScale* target_scale() const { return target_scale_ ? &*target_scale_ : nullptr; }
  // Why the resumed run will not reproduce the interrupted one exactly; empty: it will.
  const std::vector<std::string>& differences() const { return differences_; }

  // Throws CheckpointError for what does not fit, and PluginError.
  void load(Training& training) const;
  // Tells the listener from which step the run resumes, and whether exactly.
  void report(const std::string& device, RunListener& listener) const;

 private:
  std::filesystem::path folder_;
  Snapshot snapshot_;
  LoopState loop_;
  std::optional<TargetScale> target_scale_;
  std::vector<std::string> differences_;
  std::string compared_data_;  // "as far as ..." where only a part of the data was compared; else empty
};

}  // namespace binade::host
