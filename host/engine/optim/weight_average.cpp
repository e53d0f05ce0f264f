#include "host/engine/optim/weight_average.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_lerp.h>

#include <algorithm>

#include "host/engine/checkpoint/snapshot.h"
#include "host/storage/state_json.h"

namespace binade::host {

WeightAverage::WeightAverage(std::vector<at::Tensor> parameters, double decay) : decay_(decay) {
  if (!enabled()) return;
  parameters_ = std::move(parameters);
  for (const auto& parameter : parameters_) averages_.push_back(parameter.detach().clone());
}

void WeightAverage::update() {
  if (!enabled()) return;
  const at::NoGradGuard no_grad;
  const auto n = static_cast<double>(++updates_);
  at::_foreach_lerp_(averages_, parameters_, 1 - std::min(decay_, (1 + n) / (10 + n)));
}

void WeightAverage::save(const std::vector<std::string>& names, Snapshot& snapshot) const {
  if (!enabled()) return;
  snapshot.values["average"] = {{"updates", updates_}};
  for (std::size_t i = 0; i < averages_.size(); ++i) snapshot.save("average." + names.at(i), averages_[i]);
}

void WeightAverage::load(const std::vector<std::string>& names, const Snapshot& snapshot) {
  if (!enabled()) return;
  if (!snapshot.values.contains("average")) {  // no average was kept until now
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < averages_.size(); ++i) averages_[i].copy_(parameters_[i]);
    return;
  }
  for (std::size_t i = 0; i < averages_.size(); ++i) snapshot.load("average." + names.at(i), averages_[i]);
  updates_ = to_unsigned(snapshot.values.at("average").at("updates"));
}

void WeightAverage::swap() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    const auto parameter = parameters_[i].clone();
    parameters_[i].copy_(averages_[i]);
    averages_[i].copy_(parameter);
  }
}

}  // namespace binade::host
