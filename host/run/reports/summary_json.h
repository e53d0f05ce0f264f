// The JSON files that a run leaves beside its metrics and weights: where it ran, on which data, and how it ended.
#pragma once

#include <string>

#include "host/data/fingerprint/fingerprint.h"
#include "host/engine_api/engine.h"

namespace binade::host {

// "AMD EPYC 9B14"; "unknown" where the system does not say.
std::string cpu_model();

// environment.json: versions, machine, threads, command line without passwords in addresses. Written at the start.
std::string environment_json(const EngineInfo& engine, const std::vector<std::string>& command_line);

// data.json: the fingerprint of the data, by its keys. Written at the start.
std::string data_json(const Fingerprint& data);

// summary.json: the result, the experiment's tags and notes, and the data's fingerprint without its list of files. What
// is unknown is null. Written at the end. Only "seconds", "seconds_at_min_scale", "samples_per_second",
// "tokens_per_second", "peak_memory_bytes" (of the process) and "peak_tensor_bytes" (null where it was not counted)
// depend on the machine; everything else is the same for the same file and seed.
std::string summary_json(const TrainingResult& result, const Experiment& experiment, const Fingerprint& data);

// How far a run got that ended with an error.
struct ReachedByRun {
  std::uint64_t steps = 0, skipped_steps = 0;
  double seconds = 0;       // of training, in all processes of the run
  double final_loss = nan;  // of the last step that was applied in this process
};

// summary.json of a run that ended with an error. Its keys mean the same as in any other summary.
std::string failure_json(const std::string& message, const ReachedByRun& reached, const Experiment& experiment);

}  // namespace binade::host
