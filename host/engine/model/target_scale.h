// A regression target's mean and deviation: [dataset] standardize_target.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/data/dataset.h"
#include "host/engine_api/engine.h"

namespace binade::host {

struct TargetScaleFit {
  const Dataset& dataset;
  const Split& split;
  const std::string& field;
  std::uint64_t batch_size;
  std::uint32_t workers, prefetch;
  std::uint64_t seed;
  std::function<bool()> before_batch;  // returns false to end early, with what was read until then
};

// Reads the split once, without augmentation. A component that is the same in every sample has the deviation 1. Throws
// std::runtime_error for a field whose size varies, and for a target that is inf or NaN, naming the sample.
TargetScale fit_target_scale(const TargetScaleFit& fit);

// Whether the scale has the size of the target `field`.
bool fits(const TargetScale& scale, const Dataset& dataset, const std::string& field);

// "mean 12.5, deviation 3.2"; the first ones of several components.
std::string to_text(const TargetScale& scale);

nlohmann::json to_json(const TargetScale& scale);
// Throws nlohmann::json::exception.
TargetScale target_scale(const nlohmann::json& json);

}  // namespace binade::host
