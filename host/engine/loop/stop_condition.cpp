#include "host/engine/loop/stop_condition.h"

#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <utility>

#include "host/base/clock.h"

namespace binade::host {

StopCondition::StopCondition(const LoopPlan& plan, const std::atomic<int>& signal, const EvaluationCadence& evaluations,
                             const LoopState& state)
    : plan_(plan),
      signal_(signal),
      evaluations_(evaluations),
      loop_(state),
      seconds_before_(state.statistics.seconds),
      first_step_(state.statistics.steps) {}

bool StopCondition::is_met() {
  const auto step = loop_.statistics.steps;
  if (const int signal = signal_.load(std::memory_order_relaxed); signal != 0) {
    terminated_ = signal == SIGTERM || signal == SIGHUP;
    return stop(RunState::interrupted, fmt::format("signal {}", signal));
  }
  if (has_reached_target()) return stop(RunState::finished, fmt::format("{} steps", step));
  if (plan_.stop_after != 0 && step >= first_step_ + plan_.stop_after) {
    return stop(RunState::interrupted, fmt::format("{} steps, as --stop-after says", plan_.stop_after));
  }
  if (has_reached_max_time()) {
    return stop(RunState::finished, fmt::format("max_time of {:g} s", plan_.max_seconds));
  }
  auto reason = evaluations_.reason_to_stop();
  return !reason.empty() && stop(RunState::finished, std::move(reason));
}

bool StopCondition::stop(RunState state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
  return true;
}

bool StopCondition::has_reached_target() const {
  return plan_.target_steps != 0 && loop_.statistics.steps >= plan_.target_steps;
}

bool StopCondition::has_reached_max_time() const { return plan_.max_seconds > 0 && seconds() >= plan_.max_seconds; }

double StopCondition::seconds() const { return seconds_before_ + seconds_since(start_); }

std::string StopCondition::nothing_left_to_do() const {
  if (first_step_ == 0) return {};
  if (has_reached_target()) {
    const auto* unit = plan_.epochs != 0 ? "epochs" : "steps";
    const auto done = plan_.epochs != 0 ? plan_.epochs : loop_.statistics.steps;
    return fmt::format("all {} {} are done already; `--set train.{}={}` trains on", done, unit, unit, 2 * done);
  }
  if (!has_reached_max_time()) return {};
  return fmt::format(
      "[train] max_time of {:g} s is over: the run had {:.1f} s before; `--set train.max_time={:g}s` "
      "trains on",
      plan_.max_seconds, seconds_before_, std::ceil(seconds_before_ + plan_.max_seconds));
}

}  // namespace binade::host
