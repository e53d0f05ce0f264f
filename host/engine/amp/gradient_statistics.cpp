#include "host/engine/amp/gradient_statistics.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>

#include "host/engine/amp/backward_order.h"

namespace binade::host {
namespace {

constexpr int mantissa_bits = 23;  // of fp32
constexpr int exponent_mask = 0xff;

std::string group_of(const std::string& name) {
  const auto first = name.find('.');
  const auto second = first == std::string::npos ? first : name.find('.', first + 1);
  if (second == std::string::npos) return name.substr(0, first);
  const auto word = name.substr(first + 1, second - first - 1);
  const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
  return name.substr(0, number ? second : first);
}

// Four counters in turn: neighbours often have the same exponent, and one counter would serialize their increments.
void count_on_host(const float* values, std::size_t size, ExponentCounts& counts) {
  std::array<std::array<std::uint32_t, 256>, 4> lanes{};
  constexpr std::size_t block = std::size_t{1} << 30;  // no lane can overflow
  for (std::size_t begin = 0; begin < size; begin += block) {
    const auto end = std::min(size, begin + block);
    for (std::size_t i = begin; i < end; ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, values + i, sizeof(bits));
      ++lanes[i % 4][(bits >> mantissa_bits) & std::uint32_t{exponent_mask}];
    }
    for (auto& lane : lanes) {
      for (std::size_t e = 0; e < counts.size(); ++e) counts[e] += lane[e];
      lane.fill(0);
    }
  }
}

int smallest_exponent(std::uint32_t dtype) { return dtype == BINADE_FLOAT16 ? -14 : -126; }

}  // namespace

GradientGroups::GradientGroups(const std::vector<std::string>& parameter_names) {
  for (const auto& parameter : parameter_names) {
    auto group = group_of(parameter);
    auto found = std::find(names.begin(), names.end(), group);
    if (found == names.end() && names.size() >= max_gradient_groups - 1) {
      group = "other";
      found = std::find(names.begin(), names.end(), group);
    }
    of.push_back(static_cast<std::size_t>(found - names.begin()));
    if (found == names.end()) names.push_back(group);
  }
}

at::Tensor exponent_counts(const at::Tensor& values) {
  const auto exponents = values.view(at::kInt).bitwise_right_shift(mantissa_bits).bitwise_and(exponent_mask);
  return at::bincount(exponents.reshape({-1}), /*weights=*/{}, /*minlength=*/256);
}

std::vector<std::string> trained_parameter_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.requires_grad()) names.push_back(name);
  }
  return names;
}

GradientStatistics::GradientStatistics(const Model& model, const binade_policy& policy)
    : groups_(trained_parameter_names(model)), counts_(groups_.names.size()) {
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.requires_grad()) parameters_.push_back(tensor);
  }
  sample_.smallest_exponent = smallest_exponent(policy.compute_dtype);
  sample_.groups = counts_;
}

void GradientStatistics::count(const std::vector<at::Tensor>& gradients, const StepRecord& record) {
  const at::NoGradGuard no_grad;
  sample_.step = record.step;
  sample_.loss_scale = record.loss_scale;
  std::fill(counts_.begin(), counts_.end(), ExponentCounts{});
  std::vector<at::Tensor> on_device(counts_.size());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined() || gradients[i].numel() == 0) continue;
    const auto values = gradients[i].to(at::kFloat).contiguous();
    const auto group = groups_.of[i];
    if (values.is_cpu()) {
      count_on_host(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()), counts_[group]);
    } else {
      const auto counted = exponent_counts(values);
      on_device[group] = on_device[group].defined() ? on_device[group] + counted : counted;
    }
  }
  for (std::size_t group = 0; group < counts_.size(); ++group) {
    if (!on_device[group].defined()) continue;
    const auto counted = on_device[group].to(at::kCPU);
    std::copy_n(counted.const_data_ptr<std::int64_t>(), counts_[group].size(), counts_[group].begin());
  }
  all_.fill(0);
  for (const auto& counts : counts_) {
    for (std::size_t e = 0; e < all_.size(); ++e) all_[e] += counts[e];
  }
}

SkipCause GradientStatistics::find_nonfinite(const std::vector<at::Tensor>& gradients, const at::Tensor& loss,
                                             NonfiniteGradients& found) const {
  const at::NoGradGuard no_grad;
  found = {};
  std::vector<at::Tensor> flags;  // inf?, nan? of each gradient
  for (const auto& gradient : gradients) {
    if (!gradient.defined()) continue;
    flags.push_back(at::isinf(gradient).any());
    flags.push_back(at::isnan(gradient).any());
  }
  const auto on_host = at::stack(flags).to(at::kCPU);
  const bool* flag = on_host.const_data_ptr<bool>();
  std::vector<bool> nonfinite(gradients.size());
  bool inf = false, nan = false;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) continue;
    auto& group = found.groups[groups_.of[i]];
    group.inf = group.inf || flag[0];
    group.nan = group.nan || flag[1];
    inf = inf || flag[0];
    nan = nan || flag[1];
    nonfinite[i] = flag[0] || flag[1];
    flag += 2;
  }
  if (!inf && !nan) return SkipCause::norm;
  for (const auto i : backward_order(loss, parameters_)) {
    if (!nonfinite[i]) continue;
    found.first = static_cast<std::int32_t>(i);
    break;
  }
  return inf ? SkipCause::overflow : SkipCause::nan;
}

}  // namespace binade::host
