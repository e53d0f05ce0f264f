#include "host/run/resume_point.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/base/atomic_file.h"
#include "host/base/error_text.h"
#include "host/base/read_file.h"
#include "host/storage/checkpoint_error.h"
#include "host/storage/state_json.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

bool is_finished(const std::filesystem::path& directory) {
  try {
    const auto summary = Json::parse(read_file(directory / "summary.json"), nullptr, /*allow_exceptions=*/false);
    return summary.is_object() && summary.contains("state") && summary["state"] == "finished";
  } catch (const std::runtime_error&) {  // missing, or not a regular file
    return false;
  }
}

MetricsFile::Continued known_metrics(const Checkpoint& checkpoint) {
  try {
    const auto state = parse_state(checkpoint.json);
    const auto& loop = state.at("loop");
    return {to_unsigned(loop.at("step")), to_unsigned(loop.at("evaluated_step")), to_double(loop.at("seconds"))};
  } catch (const Json::exception& error) {
    throw CheckpointError((checkpoint.folder / "state.json").string() +
                          " is not the state of a run: " + error_text(error));
  } catch (const std::runtime_error& error) {
    throw CheckpointError(checkpoint.folder.string() + " cannot be resumed: " + error.what() +
                          ": resume with the Binade that wrote it");
  }
}

}  // namespace

std::optional<ResumePoint> find_resumable(const std::filesystem::path& directory, const Warn& warn) {
  const RunDirectory run(directory);
  auto lock = std::make_shared<RunLock>(run.path());
  remove_unfinished_files(run.path());
  std::vector<std::string> passed_over;
  auto checkpoint = CheckpointFolder(run.path() / "checkpoints", 1, false).newest(passed_over);
  for (const auto& reason : passed_over) warn("skipped: " + reason);
  if (!checkpoint) return std::nullopt;
  const auto metrics = known_metrics(*checkpoint);
  return ResumePoint{directory, run, std::move(lock), std::move(*checkpoint), metrics};
}

std::optional<std::filesystem::path> newest_unfinished(const std::filesystem::path& runs, const std::string& name) {
  std::vector<std::filesystem::path> candidates;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(runs / name, error), end; !error && entry != end;
       entry.increment(error)) {
    candidates.push_back(entry->path());
  }
  std::sort(candidates.rbegin(), candidates.rend());
  const auto found = std::find_if(candidates.begin(), candidates.end(), [](const auto& directory) {
    return is_finished(directory) || std::filesystem::is_directory(directory / "checkpoints");
  });
  if (found == candidates.end() || is_finished(*found)) return std::nullopt;
  return *found;
}

}  // namespace binade::host
