// Learning-rate schedules: the rate as a function of the optimizer steps applied so far. Computed in double.
#pragma once

#include <cstdint>

#include "host/experiment/option.h"

namespace binade::host {

// Linear warm-up, then constant, or a half cosine down to min_lr (SGDR without restarts, arXiv:1608.03983):
//   k < warmup_steps:  lr (k + 1) / warmup_steps
//   else:              min_lr + (lr - min_lr) (1 + cos(pi q)) / 2,  q = min(1, (k - warmup_steps) / (total -
//   warmup_steps))
// A skipped step is not counted, so it holds the schedule.
class Schedule {
 public:
  // `schedule` is the experiment's [schedule], `total_steps` the length of training in optimizer steps.
  Schedule(const OptionTable& schedule, double lr, std::uint64_t total_steps);

  double lr() const;
  void step() { ++applied_steps_; }

 private:
  double base_lr_, min_lr_ = 0;
  bool cosine_;
  std::uint64_t warmup_steps_, total_steps_;
  std::uint64_t applied_steps_ = 0;
};

}  // namespace binade::host
