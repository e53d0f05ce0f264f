// What is known of a run before its first step.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "host/engine/loop/loop_plan.h"
#include "host/engine/loop/training.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// The number of different tokens, for a task that predicts tokens. Throws std::runtime_error when the dataset has
// tokens for which the model has no embedding row: some step would fail with an index out of range.
std::int64_t vocabulary_of(const TrainingRequest& request, const Model& model);

// Everything except numbers of samples, scalars, and what a checkpoint knows.
RunStarted describe_start(const TrainingRequest& request, const LoopPlan& plan, const Training& training);

// What determines, besides the checkpoint, how a resumed run continues: the request's own and what the engine knows.
using RunFingerprint = std::map<std::string, std::string>;
RunFingerprint fingerprint_of(const TrainingRequest& request, c10::Device device, std::uint64_t train_samples);

}  // namespace binade::host
