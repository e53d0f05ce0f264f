// What each step is counted in, and whom it is reported to.
#pragma once

#include <string>

#include "host/engine/device/tensor_memory.h"
#include "host/engine/loop/loop_plan.h"
#include "host/engine/loop/loop_state.h"
#include "host/engine/loop/phase_clock.h"
#include "host/engine/loop/skip_report.h"
#include "host/engine/loop/train_step.h"
#include "host/engine/loop/training.h"
#include "host/events/events.h"

namespace binade::host {

class StepReporter {
 public:
  // All of it must outlive the reporter.
  struct Parts {
    const LoopPlan& plan;
    const Training& training;
    const TrainStep& step;
    LoopState& state;
    RunListener& listener;
  };
  explicit StepReporter(const Parts& parts);

  // Must be called after each step with its complete record. Counts it, reports it to the listener with samples of
  // gradients, warns of skipped steps and of losses that are not finite, and ends the epoch after its last step. Fills
  // in the seconds of logging, which are those of the previous step: the record is on its way before its own are known.
  // Throws std::runtime_error at [train] max_nonfinite_losses.
  void report(StepRecord& record);

  const SkipReport& skips() const { return skips_; }
  void load_skips(const nlohmann::json& state) { skips_.load(state); }

 private:
  void count(const StepRecord& record);
  void tell(const StepRecord& record);
  void tell_gradients(const StepRecord& record);
  void remember_underflow(const GradientSample& sample);
  void warn_without_gradient() const;
  void warn_of_refused_scale(const StepRecord& record);
  void check_loss(const StepRecord& record);
  void end_epoch(const StepRecord& record);
  std::string samples_text() const;

  const LoopPlan& plan_;
  const Training& training_;
  const TrainStep& step_;
  LoopState& state_;
  RunListener& listener_;
  SkipReport skips_;
  DeviceMemorySampler memory_;
  PhaseClock clock_;
  PhaseSeconds reporting_{};
  bool reported_ = false;  // any step, in this process
};

}  // namespace binade::host
