#include "host/commands/resumed_run.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace binade::host {
namespace {

using Json = nlohmann::json;

bool is_finished(const std::filesystem::path& directory) {
  std::ifstream file(directory / "summary.json");
  const auto summary = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  return summary.is_object() && summary.value("state", "") == "finished";
}

MetricsFile::Continued known_metrics(const Checkpoint& checkpoint) {
  try {
    const auto loop = Json::parse(checkpoint.json).at("loop");
    return {loop.at("step").get<std::uint64_t>(), loop.at("evaluated_step").get<std::uint64_t>()};
  } catch (const Json::exception& error) {
    throw std::runtime_error((checkpoint.folder / "state.json").string() + " is no state of a run: " + error.what());
  }
}

}  // namespace

std::optional<ResumedRun> find_resumable(const std::filesystem::path& directory, const Warn& warn) {
  const RunDirectory run(directory);
  std::vector<std::string> passed_over;
  auto checkpoint = CheckpointFolder(run.path() / "checkpoints", 1, false).newest(passed_over);
  for (const auto& reason : passed_over) warn("passed over: " + reason);
  if (!checkpoint) return std::nullopt;
  const auto metrics = known_metrics(*checkpoint);
  return ResumedRun{directory, run, std::move(*checkpoint), metrics};
}

std::optional<std::filesystem::path> newest_unfinished(const std::filesystem::path& runs, const std::string& name) {
  std::vector<std::filesystem::path> candidates;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(runs / name, error), end; !error && entry != end;
       entry.increment(error)) {
    if (std::filesystem::is_directory(entry->path() / "checkpoints")) candidates.push_back(entry->path());
  }
  const auto newest = std::max_element(candidates.begin(), candidates.end());
  if (newest == candidates.end() || is_finished(*newest)) return std::nullopt;
  return *newest;
}

}  // namespace binade::host
