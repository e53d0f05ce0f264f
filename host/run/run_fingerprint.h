// What decides, beside its state, how a run continues.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binade/abi/note.h"
#include "host/data/fingerprint/fingerprint.h"
#include "host/engine_api/engine.h"
#include "host/experiment/experiment.h"
#include "host/loading/plugin.h"

namespace binade::host {

// Keyed as resume_differences() expects: versions, kernels and what selects them, the plugins' hashes, every option of
// the experiment, and the fingerprint of the data.
std::map<std::string, std::string> run_fingerprint(const Experiment& experiment, const std::vector<Plugin>& plugins,
                                                   const EngineInfo& engine, const binade_build_block& build,
                                                   const Fingerprint& data);

}  // namespace binade::host
