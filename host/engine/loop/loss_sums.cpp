#include "host/engine/loop/loss_sums.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace binade::host {
namespace {

constexpr std::size_t loss_slot = 0, correct_slot = 1, counted_slot = 2, first_scalar_slot = 3;

}  // namespace

void LossSums::clear() {
  micro_batches_ = 0;
  sums_.clear();
}

void LossSums::add(const TaskResult& result, double weight) {
  const at::NoGradGuard no_grad;
  packed_.clear();
  packed_.push_back(result.told().detach().reshape({}).to(at::kFloat));
  if (weight != 1) packed_.front() = packed_.front() * weight;
  const auto zero = result.correct.defined() ? at::Tensor() : at::zeros({}, packed_.front().options());
  packed_.push_back(result.correct.defined() ? result.correct : zero);
  packed_.push_back(result.counted.defined() ? result.counted : zero);
  for (const auto& [name, scalar] : result.scalars) {
    packed_.push_back(scalar.detach().reshape({}).to(packed_.front().options()));
    if (weight != 1) packed_.back() = packed_.back() * weight;
  }
  ++micro_batches_;
  if (sums_.empty()) {
    sums_ = packed_;
  } else {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = sums_[i] + packed_[i];
  }
}

bool LossSums::read(const at::Tensor& norm, const at::Tensor& found_inf, double factor, StepRecord& record) {
  packed_ = sums_;
  packed_.push_back(norm);
  packed_.push_back(found_inf.defined() ? found_inf : at::zeros({}, options()));
  const auto values = at::stack(packed_).to(at::kCPU).to(at::kDouble);
  const double* value = values.const_data_ptr<double>();

  const auto mean = [&](double sum) { return sum / static_cast<double>(micro_batches_) * factor; };
  record.loss = mean(value[loss_slot]);
  record.accuracy = value[counted_slot] > 0 ? value[correct_slot] / value[counted_slot] : nan;
  record.scalar_count = static_cast<std::uint32_t>(std::min(sums_.size() - first_scalar_slot, max_scalars));
  for (std::uint32_t i = 0; i < record.scalar_count; ++i) record.scalars[i] = mean(value[first_scalar_slot + i]);
  record.gradient_norm = value[sums_.size()];
  return value[sums_.size() + 1] != 0;
}

}  // namespace binade::host
