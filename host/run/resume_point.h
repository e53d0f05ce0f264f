// The point from which an interrupted run is resumed.
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
  // Taken before the checkpoint was looked for: another process might be writing a newer one.
  std::shared_ptr<RunLock> lock;
  Checkpoint checkpoint;
  MetricsFile::Continued metrics;
};

using Warn = std::function<void(const std::string& text)>;

// Removes what a killed process left half written in the run's folder, then returns the newest checkpoint that is
// complete, or nullopt when there is none; `warn` is told why newer ones are skipped. Throws std::runtime_error when
// the folder is not a run's, and when another process is training in it.
std::optional<ResumePoint> find_resumable(const std::filesystem::path& directory, const Warn& warn);

// The directory of the newest run below `runs`/`name` that has checkpoints, unless it or a newer one has finished. The
// names of runs sort by the order in which they began.
std::optional<std::filesystem::path> newest_unfinished(const std::filesystem::path& runs, const std::string& name);

}  // namespace binade::host
