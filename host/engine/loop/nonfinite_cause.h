// Why a loss is not finite: whether it is the weights, the inputs, the targets, or what the model makes of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "binade/abi/precision.h"
#include "host/data/dataset.h"
#include "host/engine/model/model.h"

namespace binade::host {

// Where a step's samples came from.
struct TrainedOn {
  const Dataset* dataset = nullptr;  // nullptr: samples are not looked at
  const Split* split = nullptr;
  std::uint64_t seed = 0;
  std::vector<std::string> inputs{};  // fields that forward() gets; empty: all
  std::string target{};
};

struct NonfiniteCause {
  std::string text;         // a sentence without its full stop
  bool of_samples = false;  // so that their numbers help
};

// Looks at the weights, which are those that the loss was computed with, and reads the samples of the step (`samples`:
// positions in the plugin's split) once more. Costs about a step.
NonfiniteCause nonfinite_cause(const Model& model, const binade_policy& policy, const TrainedOn& data,
                               std::uint64_t epoch, std::span<const std::uint64_t> samples);

// "the weights are not finite: `layer.weight` (3 of 64 values)"; empty where they are.
std::string nonfinite_weights(const Model& model);

}  // namespace binade::host
