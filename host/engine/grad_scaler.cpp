#include "host/engine/grad_scaler.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace binade::host {

GradScaler::GradScaler(const binade_policy& policy)
    : enabled_(policy.dynamic_scaling != 0),
      scale_(static_cast<float>(policy.init_scale)),
      growth_factor_(policy.growth_factor),
      backoff_factor_(policy.backoff_factor),
      growth_interval_(static_cast<std::uint64_t>(policy.growth_interval)) {}

at::Tensor GradScaler::scale(const at::Tensor& loss) const {
  // A half-precision loss times 65536 would be inf.
  return enabled_ ? loss.to(at::kFloat) * scale_ : loss;
}

at::Tensor GradScaler::unscale(std::vector<at::Tensor>& gradients) const {
  if (!enabled_ || gradients.empty()) return {};
  const at::NoGradGuard no_grad;
  const auto options = gradients.front().options().dtype(at::kFloat);
  auto found_inf = at::zeros({}, options);
  const auto inverse_scale = static_cast<float>(1.0 / static_cast<double>(scale_));
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, found_inf, at::full({}, inverse_scale, options));
  return found_inf;
}

void GradScaler::update(bool found_inf) {
  if (!enabled_) return;
  if (found_inf) {
    scale_ = static_cast<float>(static_cast<double>(scale_) * backoff_factor_);
    growth_tracker_ = 0;
    return;
  }
  if (++growth_tracker_ < growth_interval_) return;
  const auto grown = static_cast<float>(static_cast<double>(scale_) * growth_factor_);
  if (std::isfinite(grown)) scale_ = grown;
  growth_tracker_ = 0;
}

}  // namespace binade::host
