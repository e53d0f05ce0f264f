// When training ends, and why.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "host/engine/loop/evaluation_cadence.h"
#include "host/engine/loop/loop_plan.h"
#include "host/engine/loop/loop_state.h"
#include "host/events/events.h"

namespace binade::host {

class StopCondition {
 public:
  // The time of this process begins here. All of the arguments must outlive this.
  StopCondition(const LoopPlan& plan, const std::atomic<int>& signal, const EvaluationCadence& evaluations,
                const LoopState& state);

  // Whether to stop now: a signal, the plan, the clock or early stopping says so. Sets the members below.
  bool is_met();
  RunState state() const { return state_; }  // finished, or interrupted
  const std::string& reason() const { return reason_; }
  bool is_terminated() const { return terminated_; }  // by SIGTERM or SIGHUP

  bool has_reached_target() const;
  // Of training, in all processes of the run.
  double seconds() const;

  // For a resumed run that has nothing left to do: how to train on. Empty for any other.
  std::string nothing_left_to_do() const;

 private:
  bool has_reached_max_time() const;
  bool stop(RunState state, std::string reason);

  const LoopPlan& plan_;
  const std::atomic<int>& signal_;
  const EvaluationCadence& evaluations_;
  const LoopState& loop_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double seconds_before_;     // in earlier processes
  std::uint64_t first_step_;  // after which this process began
  RunState state_ = RunState::finished;
  std::string reason_;
  bool terminated_ = false;
};

}  // namespace binade::host
