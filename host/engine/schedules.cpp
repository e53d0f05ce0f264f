#include "host/engine/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace binade::host {

Schedule::Schedule(const OptionTable& schedule, double lr, std::uint64_t total_steps)
    : base_lr_(lr),
      cosine_(schedule.string("name") == "cosine"),
      warmup_steps_(static_cast<std::uint64_t>(schedule.integer("warmup_steps"))),
      total_steps_(total_steps) {
  if (cosine_) min_lr_ = schedule.number("min_lr");
}

double Schedule::lr() const {
  if (applied_steps_ < warmup_steps_) {
    return base_lr_ * static_cast<double>(applied_steps_ + 1) / static_cast<double>(warmup_steps_);
  }
  if (!cosine_) return base_lr_;
  const auto length = total_steps_ > warmup_steps_ ? total_steps_ - warmup_steps_ : 1;
  const double progress =
      std::min(1.0, static_cast<double>(applied_steps_ - warmup_steps_) / static_cast<double>(length));
  return min_lr_ + (base_lr_ - min_lr_) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace binade::host
