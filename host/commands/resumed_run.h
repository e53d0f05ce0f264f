// A run that is gone on with.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "host/storage/checkpoint.h"
#include "host/storage/metrics_file.h"
#include "host/storage/run_directory.h"

namespace binade::host {

struct ResumedRun {
  std::filesystem::path called;  // the directory as the user named it
  RunDirectory directory;
  Checkpoint checkpoint;
  MetricsFile::Continued metrics;
};

using Warn = std::function<void(const std::string& text)>;

// The newest checkpoint of a run that reads back whole; `warn` hears why newer ones are passed over. nullopt when there
// is none. Throws std::runtime_error when the folder is no run's.
std::optional<ResumedRun> find_resumable(const std::filesystem::path& directory, const Warn& warn);

// Under `runs`/`name`: the directory of the newest run that has checkpoints, unless that run is finished. Run ids sort
// by time.
std::optional<std::filesystem::path> newest_unfinished(const std::filesystem::path& runs, const std::string& name);

}  // namespace binade::host
