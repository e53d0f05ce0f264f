// Loss scaling with the names, numbers and order of calls of torch.amp.GradScaler.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "binade/abi/precision.h"

namespace binade::host {

class Snapshot;

// What PyTorch's state_dict() holds.
struct GradScalerState {
  double scale = 0;
  double growth_factor = 0, backoff_factor = 0;
  std::int64_t growth_interval = 0;
  std::uint64_t growth_tracker = 0;
  // Beyond PyTorch's: overflows since the last growth, which hysteresis counts.
  std::uint64_t overflows = 0;
};

// Multiplies the loss by a scale so that small fp16 gradients do not vanish, and finds the scale as it goes: an
// overflow multiplies it by backoff_factor, growth_interval steps in a row without one by growth_factor. New scales are
// float(double(scale) * factor), as in PyTorch; a scale that would not be finite is rejected.
//
// Per step: scale(), unscale() of each optimizer's gradients, step() for each, update(). Calls out of that order throw
// std::logic_error, where PyTorch raises. A disabled scaler passes everything through.
//
// Where it differs from PyTorch: a growth tracker loaded at or beyond the interval grows at the next good step, and
// does not wait for an overflow. Backing off stops at min_scale (0: nowhere, as in PyTorch, whose scale can reach 0:
// then 1/scale is inf and weights become NaN). With hysteresis n, the first n - 1 overflows after a growth, and after
// the start, skip their steps and leave the scale (the rule of Megatron-LM's DynamicGradScaler).
class GradScaler {
 public:
  // Takes dynamic_scaling (enabled) and the constants of `policy`; it uses these where the policy has no update() of
  // its own. Throws std::invalid_argument where PyTorch asserts: growth_factor must be above 1, backoff_factor below 1.
  explicit GradScaler(const binade_policy& policy);

  bool enabled() const { return enabled_; }
  double get_scale() const;  // 1 when disabled
  std::uint64_t growth_tracker() const { return growth_tracker_; }

  // The loss in fp32, times the scale.
  at::Tensor scale(const at::Tensor& loss);

  // Divides the gradients by the scale, in place. Returns a float tensor of one element on their device, 1 when one of
  // them was inf or NaN, else 0; undefined when disabled or without gradients. Does not wait for the device.
  // Throws std::invalid_argument for fp16 gradients.
  at::Tensor unscale(std::vector<at::Tensor>& gradients, std::size_t optimizer = 0);

  // Takes what unscale() found, read from the device. Returns whether the optimizer may step: always, when disabled.
  bool step(bool found_inf, std::size_t optimizer = 0);

  // Must be called once per step, skipped or not: an overflow of any optimizer backs off. Reads from the device only
  // for optimizers that were unscaled and did not step.
  void update();
  // To be called instead: takes this scale, and leaves the growth tracker unchanged.
  void update(double new_scale);

  void set_growth_factor(double factor) { growth_factor_ = factor; }
  void set_backoff_factor(double factor) { backoff_factor_ = factor; }
  void set_growth_interval(std::int64_t interval) { growth_interval_ = interval; }

  // Must be called between update() and the next scale(). Empty when disabled; an enabled scaler throws
  // std::invalid_argument for an empty state, which would silently start afresh.
  std::optional<GradScalerState> state() const;
  void load_state(const std::optional<GradScalerState>& state);
  void save(Snapshot& snapshot) const;
  void load(const Snapshot& snapshot);

 private:
  enum class Stage { ready, unscaled, stepped };
  struct Optimizer {
    Stage stage = Stage::ready;
    at::Tensor found_inf;       // on the device; undefined without gradients
    std::optional<bool> known;  // the same on the host, from step()
  };
  Optimizer& optimizer(std::size_t number);
  void require_scale(const char* call) const;

  bool enabled_;
  double init_scale_;
  std::optional<float> scale_;  // from the first scale() on
  double growth_factor_, backoff_factor_;
  std::int64_t growth_interval_;
  double min_scale_;
  std::uint64_t hysteresis_;
  std::uint64_t growth_tracker_ = 0;
  std::uint64_t overflows_ = 0;  // since the last growth
  std::vector<Optimizer> optimizers_;
};

}  // namespace binade::host
