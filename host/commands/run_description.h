// What decides, beside its state, how a run goes on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/engine/engine.h"
#include "host/experiment/experiment.h"
#include "host/loading/plugin.h"

namespace binade::host {

// By key, as resume_differences() takes it: versions, kernels, the plugins' hashes, every option of the experiment.
std::map<std::string, std::string> made_by(const Experiment& experiment, const std::vector<Plugin>& plugins,
                                           const EngineInfo& engine);

}  // namespace binade::host
