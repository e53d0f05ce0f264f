// Learning-rate schedules: the rate as a function of the optimizer steps applied so far. Computed in double.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/experiment/settings.h"

namespace binade::host {

class Snapshot;

// With k steps applied, w = warmup_steps and q = min(1, (k - w) / (total - w)):
//   k < w      lr (k + 1) / w
//   constant   lr
//   linear     lr + (min_lr - lr) q
//   cosine     min_lr + (lr - min_lr) (1 + cos(pi q)) / 2       (SGDR without restarts, arXiv:1608.03983)
//   step       lr gamma^floor((k - w) / step_size)
//   exponential  lr gamma^(k - w)                      (torch.optim.lr_scheduler.ExponentialLR, stepped each step)
//   one_cycle  torch.optim.lr_scheduler.OneCycleLR with cosine annealing and two phases (arXiv:1708.07120)
// The last step has k = total - 1: linear and cosine reach min_lr one step after it, as PyTorch's CosineAnnealingLR
// with T_max = total does; one_cycle has its lowest rate in the last step. A skipped step is not counted, so it holds
// the schedule, and a run that skipped n steps ends n steps before the schedule does.
class Schedule {
 public:
  // `total_steps`: the length of training in optimizer steps.
  Schedule(const ScheduleSettings& settings, double lr, std::uint64_t total_steps);

  double lr() const { return lr_at_(applied_steps_); }
  // For the optimizer, where the schedule cycles it (one_cycle with cycle_momentum).
  std::optional<double> momentum() const;
  bool cycles_momentum() const { return momentum_at_ != nullptr; }
  void step() { ++applied_steps_; }

  // All of its state.
  std::uint64_t applied_steps() const { return applied_steps_; }
  void set_applied_steps(std::uint64_t steps) { applied_steps_ = steps; }
  void save(Snapshot& snapshot) const;
  void load(const Snapshot& snapshot);

 private:
  void plan_one_cycle(const ScheduleSettings& settings, double lr, std::uint64_t total_steps);

  std::function<double(std::uint64_t)> lr_at_, momentum_at_;
  std::uint64_t applied_steps_ = 0;
};

}  // namespace binade::host
