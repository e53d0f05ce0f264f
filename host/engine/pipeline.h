// Wires dataset, model, task, precision, optimizer and schedule into a training run.
#pragma once

#include "host/engine_api/engine.h"

namespace binade::host {

TrainingResult run_pipeline(const TrainingRequest& request);

}  // namespace binade::host
