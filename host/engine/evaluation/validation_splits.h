// What the model is evaluated on during training.
#pragma once

#include <vector>

#include "host/data/dataset.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// True for the split "validation" and for those whose names begin with "validation_".
bool is_validation(const Split& split);

// Returns the part of these splits that each evaluation is on: all of it, or [train] evaluate_batches. "validation",
// which decides about the best weights and early stopping, comes first. A dry run evaluates one batch of each.
std::vector<Split> validation_splits(const TrainingRequest& request);

}  // namespace binade::host
