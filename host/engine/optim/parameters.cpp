#include "host/engine/optim/parameters.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "host/experiment/diagnostics/diagnostic.h"
#include "host/experiment/diagnostics/nearest.h"

namespace binade::host {
namespace {

bool matches_one(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, name); });
}

std::string first_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) text.append(i == 0 ? "" : ", ").append(names[i]);
  return names.size() <= shown ? text : text + ", ... (" + std::to_string(names.size()) + " in all)";
}

std::vector<std::string> trainable_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.requires_grad()) names.push_back(name);
  }
  return names;
}

constexpr std::string_view trained = "parameter that is trained";

}  // namespace

bool matches(const std::string& pattern, const std::string& name) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

void require_match(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                   std::string_view key, std::string_view what) {
  for (const auto& pattern : patterns) {
    if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return matches(pattern, name); })) continue;
    const auto close = nearest(pattern, names);
    throw std::runtime_error(fmt::format("{}: `{}` matches no {}{}; there are: {}", key, pattern, what,
                                         close.empty() ? "" : fmt::format(" (did you mean `{}`?)", close),
                                         first_of(names)));
  }
}

void freeze(const Model& model, const std::vector<std::string>& patterns) {
  require_match(patterns, trainable_names(model), "[train] freeze", trained);
  for (const auto& [name, tensor] : model.parameters()) {
    if (matches_one(patterns, name)) tensor.requires_grad_(false);
  }
  if (model.trainable_elements() == 0) {
    throw std::runtime_error(patterns.empty() ? "the model has no parameter to train"
                                              : "[train] freeze leaves no parameter to train");
  }
}

ParameterGroups group_parameters(const Model& model, const OptimizerSettings& optimizer,
                                 const std::vector<ParameterGroupSettings>& groups) {
  const auto names = trainable_names(model);
  for (const auto& group : groups) {
    require_match(group.parameters, names, "[[optimizer.group]] parameters", trained);
  }

  ParameterGroups out;
  std::map<std::pair<double, double>, ParameterGroup> by_values;  // one kernel call for all that are updated alike
  for (const auto& [name, tensor] : model.parameters()) {
    if (!tensor.requires_grad()) continue;
    double ratio = 1, decay = optimizer.decay_biases_and_norms || tensor.dim() >= 2 ? optimizer.weight_decay : 0;
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&name = name](const auto& group) { return matches_one(group.parameters, name); });
    if (found != groups.end()) {
      ratio = found->lr.value_or(optimizer.lr) / optimizer.lr;
      decay = found->weight_decay.value_or(decay);
    }
    auto& group = by_values[{ratio, decay}];
    group.lr_ratio = ratio;
    group.weight_decay = decay;
    group.members.push_back(out.parameters.size());
    out.parameters.push_back(tensor);
  }
  for (auto& [values, group] : by_values) out.groups.push_back(std::move(group));
  return out;
}

void require_no_fp16(const Model& model) {
  for (const auto& [name, tensor] : model.parameters()) {
    if (!tensor.requires_grad() || tensor.scalar_type() != at::kHalf) continue;
    throw std::runtime_error(fmt::format(
        "the parameter `{}` is fp16, and gradients of fp16 parameters cannot be unscaled: keep parameters in fp32, "
        "autocast computes in fp16 all the same",
        name));
  }
}

}  // namespace binade::host
