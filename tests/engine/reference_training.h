// Trainings in plain loops and doubles, written from the formulas and not from the engine.
#pragma once

#include "tests/engine/goldens.h"

namespace binade::host::testing {

// Completes a trace in the form of mlp_trajectory.json: trains as `run` says, in full precision and without a scaler,
// and adds `expect` and `final_params`. Knows sgd, adam, adamw, adagrad and rmsprop as torch.optim defines them.
Json reference_trace(Json run);

}  // namespace binade::host::testing
