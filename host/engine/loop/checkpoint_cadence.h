// When checkpoints are written, and what of the loop they keep.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "host/engine/checkpoint/best_weights.h"
#include "host/engine/checkpoint/checkpointer.h"
#include "host/engine/checkpoint/resumed_training.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/skip_report.h"
#include "host/engine/loop/stop_condition.h"
#include "host/engine/loop/training.h"

namespace binade::host {

// The checkpoints of a run, and the one that it resumes from.
struct LoopCheckpoints {
  Checkpointer* checkpointer = nullptr;  // nullptr: none are written
  std::atomic<bool>* asked = nullptr;    // set from outside: write one after the next step
  // nullptr for a run from the start. `training` must have been loaded from it already.
  const ResumedTraining* resumed = nullptr;
  // What describes the run besides the classes' own state: written into each snapshot unchanged.
  const std::map<std::string, std::string>* run_fingerprint = nullptr;
  const std::map<std::string, std::string>* records = nullptr;
};

class CheckpointCadence {
 public:
  // All of it must outlive the cadence.
  struct Parts {
    const LoopCheckpoints& checkpoints;
    const Training& training;
    const StopCondition& stop;
    const SkipReport& skips;
    const LoopState& state;
    BestWeights& best;
  };
  explicit CheckpointCadence(const Parts& parts) : parts_(parts), first_step_(parts.state.statistics.steps) {}

  // After each step, except for the last one: save_last() follows it. Throws RunFolderGone.
  void save_when_due();
  // At the end of the loop, whatever ended it. Returns whether nothing is lost: the last step is durable, or this
  // process took none. Throws RunFolderGone.
  bool save_last();

 private:
  void save();
  void fill(Snapshot& snapshot) const;
  void follow();

  Parts parts_;
  std::uint64_t first_step_;      // after which this process began
  std::uint64_t taken_step_ = 0;  // of the newest snapshot; 0: it is durable, or there is none
};

}  // namespace binade::host
