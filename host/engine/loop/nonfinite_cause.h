// Why a loss is not finite: because of the weights, the inputs, the targets, or the model's own arithmetic.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "binade/abi/precision.h"
#include "host/data/dataset.h"
#include "host/engine/model/model.h"

namespace binade::host {

// Where a step's samples came from.
struct TrainedOn {
  const Dataset* dataset = nullptr;  // nullptr: do not look at samples
  const Split* split = nullptr;
  std::uint64_t seed = 0;
  std::vector<std::string> inputs{};  // fields that forward() gets; empty: all
  std::string target{};
};

struct NonfiniteCause {
  std::string text;         // a sentence without its full stop
  bool of_samples = false;  // then their numbers help
};

// Examines the weights, which must be those that the loss was computed with, and reads the samples of the step
// (`samples`: positions in the plugin's split) again. Takes about as long as a step.
NonfiniteCause nonfinite_cause(const Model& model, const binade_policy& policy, const TrainedOn& data,
                               std::uint64_t epoch, std::span<const std::uint64_t> samples);

// For messages: the sign of a NaN says nothing.
inline double without_nan_sign(double loss) {
  return std::isnan(loss) ? std::numeric_limits<double>::quiet_NaN() : loss;
}

// "the weights are not finite: `layer.weight` (3 of 64 values)"; empty where they are.
std::string nonfinite_weights(const Model& model);

}  // namespace binade::host
