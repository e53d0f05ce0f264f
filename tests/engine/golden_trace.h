// A recorded training, replayed through TrainStep.
#pragma once

#include <string>

#include "tests/engine/goldens.h"

namespace binade::host::testing {

// Trains as `run` says, which is one of mlp_trajectory.json (goldens/README.md), and compares each step and the
// parameters at the end. Returns where they first differ, or "". Throws std::invalid_argument for a trace with a field
// or a word that this replay does not honour, or without one that it needs: it never replays another training than the
// recorded one.
std::string replay_trace(const Json& run);

}  // namespace binade::host::testing
