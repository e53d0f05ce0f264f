// Which parameters are trained, and which of them have a learning rate or weight decay of their own.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

#include "host/engine/model/model.h"
#include "host/experiment/settings.h"

namespace binade::host {

struct ParameterGroup {
  double lr_ratio = 1;  // of the schedule's learning rate
  double weight_decay = 0;
  std::vector<std::size_t> members;  // positions in `parameters`, ascending
};

struct ParameterGroups {
  std::vector<at::Tensor> parameters;  // floating-point leaves that require grad, each once, in the model's order
  std::vector<ParameterGroup> groups;  // each parameter belongs to one
};

// Patterns have * for any characters, ? for one and [...] for one of several.
bool matches(const std::string& pattern, const std::string& name);
// Throws std::runtime_error for a pattern that matches none of `names`. `key` says where in the experiment it is,
// `what` what it should match. The message has the nearest name and the first of all names.
void require_match(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                   std::string_view key, std::string_view what);

// Parameters whose names match one of `patterns` no longer require grad. Throws std::runtime_error when a
// pattern matches no parameter, or nothing is left.
void freeze(const Model& model, const std::vector<std::string>& patterns);

// The model's trainable parameters in groups: each in the first [[optimizer.group]] that matches its name, the others
// under [optimizer]'s own lr and weight_decay; with decay_biases_and_norms = false, no decay for those with fewer than
// two dimensions unless their group gives one. Throws std::runtime_error when a pattern matches no trainable parameter.
ParameterGroups group_parameters(const Model& model, const OptimizerSettings& optimizer,
                                 const std::vector<ParameterGroupSettings>& groups);

// Throws std::runtime_error when a trained parameter is fp16: its gradient would be, too, and cannot be unscaled.
void require_no_fp16(const Model& model);

}  // namespace binade::host
