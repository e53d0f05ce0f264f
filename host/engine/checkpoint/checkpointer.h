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
  std::filesystem::path folder{};  // made with the first one
  std::uint64_t every_steps = 0;   // 0: not by steps
  double every_seconds = 0;        // 0: not by time
  std::uint64_t keep = 1;
  bool keep_best = true;
  std::filesystem::path metrics{};  // synced before each checkpoint, so that none is ahead of it; may be empty
};

// All calls come from the training thread, and so do the listener's. Those that hear of a checkpoint that could not be
// written throw RunFolderGone where the folder above is gone.
class Checkpointer {
 public:
  // `written`: the step of the checkpoint that the run goes on from; 0 without one.
  Checkpointer(CheckpointPlan plan, RunListener& listener, std::uint64_t written);
  ~Checkpointer();  // waits for what is under way

  // Tells the listener of a checkpoint that was finished meanwhile.
  void poll();
  // Whether one is to be taken now, by the plan or because it was asked for. Not while one is being written: then it is
  // due as soon as that is done.
  bool due(std::uint64_t step);
  void ask() { asked_ = true; }

  // Takes a snapshot and writes it on a thread of its own. Waits for one that is still being written; that and the
  // snapshot are the step's stall. Nothing is done when the last one written is of this step.
  void save(std::uint64_t step, std::optional<double> validation_loss, const std::function<void(Snapshot&)>& take);
  // Of the newest checkpoint that is known to be durable.
  std::uint64_t saved_step() const { return saved_step_; }
  // Waits for what is being written. Whether the last checkpoint, of `step`, is durable.
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
