// The phases of a step: how long each takes, and which one the watchdog sees.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "host/events/events.h"
#include "host/events/progress.h"

namespace binade::host {

using PhaseSeconds = std::array<double, phase_count>;

constexpr Activity activity_of(Phase phase) {
  switch (phase) {
    case Phase::data:
      return Activity::data;
    case Phase::forward:
      return Activity::forward;
    case Phase::backward:
      return Activity::backward;
    case Phase::unscale:
    case Phase::scaler:
    case Phase::optimizer:
      return Activity::optimizer;
    case Phase::logging:
      break;
  }
  return Activity::logging;
}

// Attributes the time of a step to its phases. On a GPU these are the times of launching kernels, except for the phase
// that reads from the device.
class PhaseClock {
 public:
  // `progress` may be nullptr.
  explicit PhaseClock(Progress* progress) : progress_(progress) {}

  // Sets `seconds` to 0 and starts timing the phases of a step, which must outlive the scopes.
  void start(std::uint64_t step, PhaseSeconds& seconds) {
    step_ = step;
    seconds_ = &seconds;
    seconds.fill(0);
    last_ = Clock::now();
  }

 private:
  friend class PhaseScope;
  using Clock = std::chrono::steady_clock;

  void begin(Phase phase) {
    if (progress_ != nullptr) progress_->enter(activity_of(phase), step_);
  }
  void end(Phase phase) {
    const auto now = Clock::now();
    (*seconds_)[static_cast<std::size_t>(phase)] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

  Progress* progress_;
  std::uint64_t step_ = 0;
  PhaseSeconds* seconds_ = nullptr;
  Clock::time_point last_;
};

// While it lives, the step is in this phase. The time since the previous scope ended counts towards it.
class PhaseScope {
 public:
  PhaseScope(PhaseClock& clock, Phase phase) : clock_(clock), phase_(phase) { clock_.begin(phase_); }
  ~PhaseScope() { clock_.end(phase_); }
  PhaseScope(const PhaseScope&) = delete;
  PhaseScope& operator=(const PhaseScope&) = delete;

 private:
  PhaseClock& clock_;
  Phase phase_;
};

}  // namespace binade::host
