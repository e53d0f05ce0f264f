// Everything of a training run but the loop's own state, into a snapshot and back.
#pragma once

#include "host/engine/train_step.h"

namespace binade::host {

class Snapshot;

// Weights and buffers, optimizer, scaler, what the precision policy remembers, schedule, average, random generators.
void save_training(const Training& training, Snapshot& snapshot);
// Into a training run of the same model and options. Throws std::runtime_error that names what does not fit, and
// PluginError.
void load_training(const Training& training, const Snapshot& snapshot);

}  // namespace binade::host
