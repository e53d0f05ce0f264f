// Loss scaling with the names and numbers of torch.amp.GradScaler.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "binade/abi/precision.h"

namespace binade::host {

// Multiplies the loss by a scale so that small fp16 gradients do not vanish, and finds the scale as it goes: an
// overflow multiplies it by backoff_factor, growth_interval steps in a row without one by growth_factor. New scales are
// float(double(scale) * factor), as in PyTorch; one that would not be finite is not taken. Disabled, it passes through.
class GradScaler {
 public:
  explicit GradScaler(const binade_policy& policy);

  bool enabled() const { return enabled_; }
  double get_scale() const { return enabled_ ? scale_ : 1.0; }
  std::uint64_t growth_tracker() const { return growth_tracker_; }

  // The loss in fp32, times the scale.
  at::Tensor scale(const at::Tensor& loss) const;

  // Divides the gradients by the scale, in place. Returns a float tensor of one element on their device, 1 when one of
  // them was inf or NaN, else 0; undefined when disabled. Nothing is read from the device.
  at::Tensor unscale(std::vector<at::Tensor>& gradients) const;

  // Once per step, skipped or not.
  void update(bool found_inf);

 private:
  bool enabled_;
  float scale_;
  double growth_factor_, backoff_factor_;
  std::uint64_t growth_interval_;
  std::uint64_t growth_tracker_ = 0;
};

}  // namespace binade::host
