// Statistics of a step's gradients: counts by exponent at intervals, and a search for inf and NaN when a step is
// skipped.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "binade/abi/precision.h"
#include "host/engine/model/model.h"
#include "host/events/events.h"

namespace binade::host {

// The parts of a model by which gradients are reported: the first word of a parameter's name, with the second where
// that is a number ("blocks.3" of "blocks.3.attention.qkv.weight"). Parts beyond max_gradient_groups - 1 are combined
// into "other".
struct GradientGroups {
  explicit GradientGroups(const std::vector<std::string>& parameter_names);

  std::vector<std::string> names;  // in the order of the parameters
  std::vector<std::size_t> of;     // by parameter: its position in `names`
};

// The names of the model's trained parameters, in the model's order.
std::vector<std::string> trained_parameter_names(const Model& model);

// ExponentCounts as int64[256] on the device of `values`, which must be contiguous and fp32.
at::Tensor exponent_counts(const at::Tensor& values);

class GradientStatistics {
 public:
  GradientStatistics(const Model& model, const binade_policy& policy);

  // `gradients`: one per trained parameter of the model, undefined where there is none; still scaled. Takes about 1 ns
  // per element on a CPU and one copy from a GPU.
  void count(const std::vector<at::Tensor>& gradients, const StepRecord& record);
  // The result of the last count(); the caller sets `time`.
  const GradientSample& sample() const { return sample_; }
  const std::vector<std::string>& group_names() const { return groups_.names; }
  // All groups together.
  const ExponentCounts& all_counts() const { return all_; }

  // Finds out which gradients are inf or NaN, and why the step cannot be applied: overflow, nan, or norm when they are
  // all finite. `loss`: the tensor that backward() was called on; its graph has the order of the gradients.
  // Waits for the device.
  SkipCause find_nonfinite(const std::vector<at::Tensor>& gradients, const at::Tensor& loss,
                           NonfiniteGradients& found) const;

 private:
  std::vector<at::Tensor> parameters_;  // trained ones
  GradientGroups groups_;
  std::vector<ExponentCounts> counts_;  // by group
  ExponentCounts all_{};
  GradientSample sample_;
};

}  // namespace binade::host
