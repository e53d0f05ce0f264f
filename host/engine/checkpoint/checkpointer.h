// When checkpoints are due, and the thread that writes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "host/events/events.h"
#include "host/storage/checkpoint.h"

namespace binade::host {

class Snapshot;

struct CheckpointPlan {
  std::filesystem::path folder{};  // created with the first checkpoint
  std::uint64_t every_steps = 0;   // 0: not by steps
  double every_seconds = 0;        // 0: not by time
  std::uint64_t keep = 1;
  bool keep_best = true;
  std::filesystem::path metrics{};  // synced before each checkpoint, so that it is never behind; may be empty
};

// All calls must come from the training thread, where the listener is called. Calls that learn of a checkpoint that
// could not be written throw RunFolderGone where the run's folder is gone.
class Checkpointer {
 public:
  // `written`: the step of the checkpoint that the run resumes from; 0 without one.
  Checkpointer(CheckpointPlan plan, RunListener& listener, std::uint64_t written);
  ~Checkpointer();  // waits for the checkpoint being written

  // Tells the listener of a checkpoint that has been finished.
  void poll();
  // Whether to take one now, by the plan or because ask() was called. Never while one is being written: then the next
  // one is due as soon as that is done.
  bool due(std::uint64_t step);
  void ask() { asked_ = true; }

  // Takes a snapshot and writes it on a thread of its own. Waits for one that is still being written; that and the
  // snapshot are the step's stall. Does nothing when the last one written is of this step.
  void save(std::uint64_t step, std::optional<double> validation_loss, const std::function<void(Snapshot&)>& take);
  // The step of the newest checkpoint that is known to be durable.
  std::uint64_t saved_step() const { return saved_step_; }
  // Waits for the checkpoint being written. Returns whether that of `step` is durable.
  bool finish(std::uint64_t step);

 private:
  using Clock = std::chrono::steady_clock;
  struct Outcome {
    CheckpointRecord record;
    std::string error;
    std::vector<std::string> warnings;
    Clock::time_point ended{};
  };

  Outcome write(const Snapshot& snapshot, CheckpointRecord record, std::optional<double> validation_loss);
  void tell(Outcome outcome);

  CheckpointPlan plan_;
  RunListener& listener_;
  CheckpointFolder folder_;
  bool asked_ = false, last_failed_ = false;
  std::uint64_t saved_step_;  // durable
  Clock::time_point taken_at_ = Clock::now();
  std::optional<Clock::time_point> saved_at_;  // when the last one was durable
  std::future<Outcome> writing_;
};

}  // namespace binade::host
