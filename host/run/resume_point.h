// A run that is gone on with.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/storage/checkpoint.h"
#include "host/storage/metrics_file.h"
#include "host/storage/run_directory.h"

namespace binade::host {

struct ResumePoint {
  std::filesystem::path called;  // the directory as the user named it
  RunDirectory directory;
  std::shared_ptr<RunLock>
      lock;  // from before the checkpoint was looked for: another process may be writing a newer one
  Checkpoint checkpoint;
  MetricsFile::Continued metrics;
};

using Warn = std::function<void(const std::string& text)>;

// The newest checkpoint of a run that reads back whole, after what a killed process left half written in the run's
// folder is removed; `warn` hears why newer ones are passed over. nullopt when there
// is none. Throws std::runtime_error when the folder is no run's, and when another process trains in it.
std::optional<ResumePoint> find_resumable(const std::filesystem::path& directory, const Warn& warn);

// Under `runs`/`name`: the directory of the newest run that has checkpoints, unless it or a newer one is finished. By
// the runs' names, which sort by the order in which they began.
std::optional<std::filesystem::path> newest_unfinished(const std::filesystem::path& runs, const std::string& name);

}  // namespace binade::host
