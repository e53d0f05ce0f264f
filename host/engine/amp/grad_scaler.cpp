#include "host/engine/amp/grad_scaler.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "host/engine/checkpoint/snapshot.h"
#include "host/storage/state_json.h"

namespace binade::host {

GradScaler::GradScaler(const binade_policy& policy)
    : enabled_(policy.dynamic_scaling != 0),
      init_scale_(policy.init_scale),
      growth_factor_(policy.growth_factor),
      backoff_factor_(policy.backoff_factor),
      growth_interval_(policy.growth_interval),
      min_scale_(policy.min_scale),
      hysteresis_(static_cast<std::uint64_t>(policy.hysteresis)) {
  if (!enabled_) return;
  if (!(growth_factor_ > 1)) throw std::invalid_argument("the growth factor must be above 1");
  if (!(backoff_factor_ < 1)) throw std::invalid_argument("the backoff factor must be below 1");
}

double GradScaler::get_scale() const {
  if (!enabled_) return 1.0;
  return scale_ ? static_cast<double>(*scale_) : init_scale_;
}

at::Tensor GradScaler::scale(const at::Tensor& loss) {
  if (!enabled_) return loss;
  if (!scale_) scale_ = static_cast<float>(init_scale_);
  // A half-precision loss times 65536 would be inf.
  return loss.to(at::kFloat) * *scale_;
}

at::Tensor GradScaler::unscale(std::vector<at::Tensor>& gradients, std::size_t number) {
  if (!enabled_) return {};
  require_scale("unscale()");
  auto& optimizer = this->optimizer(number);
  if (optimizer.stage == Stage::unscaled)
    throw std::logic_error("unscale() was already called since the last update()");
  if (optimizer.stage == Stage::stepped) throw std::logic_error("unscale() is called after step()");
  for (const auto& gradient : gradients) {
    if (gradient.scalar_type() == at::kHalf) throw std::invalid_argument("fp16 gradients cannot be unscaled");
  }
  optimizer.stage = Stage::unscaled;
  if (gradients.empty()) return {};
  const at::NoGradGuard no_grad;
  const auto options = gradients.front().options().dtype(at::kFloat);
  optimizer.found_inf = at::zeros({}, options);
  const auto inverse_scale = static_cast<float>(1.0 / static_cast<double>(*scale_));
  at::_amp_foreach_non_finite_check_and_unscale_(gradients, optimizer.found_inf, at::full({}, inverse_scale, options));
  return optimizer.found_inf;
}

bool GradScaler::step(bool found_inf, std::size_t number) {
  if (!enabled_) return true;
  require_scale("step()");
  auto& optimizer = this->optimizer(number);
  if (optimizer.stage == Stage::stepped) throw std::logic_error("step() was already called since the last update()");
  if (!optimizer.found_inf.defined()) throw std::logic_error("step() without gradients that were checked for inf");
  optimizer.stage = Stage::stepped;
  optimizer.known = found_inf;
  return !found_inf;
}

void GradScaler::update() {
  if (!enabled_) return;
  require_scale("update()");
  bool checked = false, found_inf = false;
  for (const auto& optimizer : optimizers_) {
    if (!optimizer.found_inf.defined()) continue;
    checked = true;
    found_inf = found_inf || (optimizer.known ? *optimizer.known : optimizer.found_inf.item<float>() != 0);
  }
  if (!checked) throw std::logic_error("update() without gradients that were checked for inf");
  std::fill(optimizers_.begin(), optimizers_.end(), Optimizer{});

  const auto times = [this](double factor) { return static_cast<float>(static_cast<double>(*scale_) * factor); };
  if (found_inf) {
    growth_tracker_ = 0;
    if (++overflows_ >= hysteresis_) scale_ = std::max(times(backoff_factor_), static_cast<float>(min_scale_));
    return;
  }
  if (static_cast<std::int64_t>(++growth_tracker_) < growth_interval_) return;
  if (const auto grown = times(growth_factor_); std::isfinite(grown)) scale_ = grown;
  growth_tracker_ = 0;
  overflows_ = 0;
}

void GradScaler::update(double new_scale) {
  if (!enabled_) return;
  require_scale("update()");
  std::fill(optimizers_.begin(), optimizers_.end(), Optimizer{});
  scale_ = static_cast<float>(new_scale);
}

std::optional<GradScalerState> GradScaler::state() const {
  if (!enabled_) return std::nullopt;
  return GradScalerState{get_scale(), growth_factor_, backoff_factor_, growth_interval_, growth_tracker_, overflows_};
}

void GradScaler::load_state(const std::optional<GradScalerState>& state) {
  if (!enabled_) return;
  if (!state) throw std::invalid_argument("the scaler's state is empty: it was saved by a disabled scaler");
  init_scale_ = state->scale;
  if (scale_) scale_ = static_cast<float>(state->scale);
  growth_factor_ = state->growth_factor;
  backoff_factor_ = state->backoff_factor;
  growth_interval_ = state->growth_interval;
  growth_tracker_ = state->growth_tracker;
  overflows_ = state->overflows;
}

void GradScaler::save(Snapshot& snapshot) const {
  if (const auto of = state()) {
    snapshot.values["grad_scaler"] = {{"scale", to_json(of->scale)},          {"growth_factor", of->growth_factor},
                                      {"backoff_factor", of->backoff_factor}, {"growth_interval", of->growth_interval},
                                      {"growth_tracker", of->growth_tracker}, {"overflows", of->overflows}};
  }
}

void GradScaler::load(const Snapshot& snapshot) {
  const auto of = snapshot.values.find("grad_scaler");
  if (of == snapshot.values.end()) return;  // the loss was not scaled until now
  // The constants are the experiment's, which may have changed on purpose.
  load_state(GradScalerState{to_double(of->at("scale")), growth_factor_, backoff_factor_, growth_interval_,
                             to_unsigned(of->at("growth_tracker")), to_unsigned(of->at("overflows"))});
}

GradScaler::Optimizer& GradScaler::optimizer(std::size_t number) {
  if (number >= optimizers_.size()) optimizers_.resize(number + 1);
  return optimizers_[number];
}

void GradScaler::require_scale(const char* call) const {
  if (!scale_) throw std::logic_error(std::string(call) + " before the first scale()");
}

}  // namespace binade::host
