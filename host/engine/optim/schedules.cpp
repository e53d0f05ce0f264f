#include "host/engine/optim/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "host/engine/checkpoint/snapshot.h"
#include "host/storage/state_json.h"

namespace binade::host {
namespace {

// From `start` at 0 to `end` at 1, along half a cosine.
double half_cosine(double start, double end, double q) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * q));
}

// The two phases of torch.optim.lr_scheduler.OneCycleLR: up to the peak, which lies before the first step (between -1
// and 0) where pct_start is less than one step, and from there to the last step.
class OneCycle {
 public:
  OneCycle(const ScheduleSettings& settings, std::uint64_t total_steps)
      : last_(static_cast<double>(std::max<std::uint64_t>(total_steps, 1) - 1)),
        peak_(std::min(settings.pct_start * static_cast<double>(total_steps) - 1, last_)) {}

  double at(std::uint64_t applied_steps, double start, double peak, double end) const {
    const double k = std::min(static_cast<double>(applied_steps), last_);
    if (k <= peak_) return peak_ == 0 ? peak : half_cosine(start, peak, k / peak_);
    return half_cosine(peak, end, (k - peak_) / (last_ - peak_));
  }

 private:
  double last_, peak_;
};

// The rate after the warm-up, as a function of the steps since then.
std::function<double(std::uint64_t)> after_warmup(const ScheduleSettings& settings, double lr, std::uint64_t length) {
  if (settings.name == "step") {
    return [lr, size = settings.step_size, gamma = settings.gamma](std::uint64_t k) {
      const std::uint64_t drops = k / size;
      return lr * std::pow(gamma, static_cast<double>(drops));
    };
  }
  if (settings.name == "exponential") {
    return [lr, gamma = settings.gamma](std::uint64_t k) { return lr * std::pow(gamma, static_cast<double>(k)); };
  }
  if (settings.name == "constant") return [=](std::uint64_t) { return lr; };
  const double min_lr = settings.min_lr;
  const bool cosine = settings.name == "cosine";
  return [=](std::uint64_t k) {
    const double q = std::min(1.0, static_cast<double>(k) / static_cast<double>(length));
    return cosine ? half_cosine(lr, min_lr, q) : lr + (min_lr - lr) * q;
  };
}

}  // namespace

Schedule::Schedule(const ScheduleSettings& settings, double lr, std::uint64_t total_steps) {
  if (settings.name == "one_cycle") {
    plan_one_cycle(settings, lr, total_steps);
    return;
  }
  const auto warmup = settings.warmup_steps;
  lr_at_ = [=, then = after_warmup(settings, lr, total_steps > warmup ? total_steps - warmup : 1)](std::uint64_t k) {
    return k < warmup ? lr * static_cast<double>(k + 1) / static_cast<double>(warmup) : then(k - warmup);
  };
}

void Schedule::plan_one_cycle(const ScheduleSettings& settings, double lr, std::uint64_t total_steps) {
  const OneCycle cycle(settings, total_steps);
  const double start = lr / settings.div_factor, end = start / settings.final_div_factor;
  lr_at_ = [=](std::uint64_t k) { return cycle.at(k, start, lr, end); };
  if (!settings.cycle_momentum) return;
  const double base = settings.base_momentum, max = settings.max_momentum;
  momentum_at_ = [=](std::uint64_t k) { return cycle.at(k, max, base, max); };
}

std::optional<double> Schedule::momentum() const {
  return momentum_at_ ? std::optional(momentum_at_(applied_steps_)) : std::nullopt;
}

void Schedule::save(Snapshot& snapshot) const { snapshot.values["schedule"] = {{"applied_steps", applied_steps_}}; }

void Schedule::load(const Snapshot& snapshot) {
  applied_steps_ = to_unsigned(snapshot.values.at("schedule").at("applied_steps"));
}

}  // namespace binade::host
