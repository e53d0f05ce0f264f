// Runs that are interrupted and resumed, on a small file of points.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/integration/process.h"

namespace binade::testing {

// What must be equal in two runs: everything except times, memory, and the record of the resumption itself.
inline nlohmann::json comparable(nlohmann::json summary) {
  for (const char* key : {"seconds", "seconds_at_min_scale", "samples_per_second", "tokens_per_second",
                          "peak_memory_bytes", "resumed_step", "resume_differences"}) {
    summary.erase(key);
  }
  for (auto& epoch : summary["epochs"]) epoch.erase("seconds");
  return summary;
}

inline std::vector<nlohmann::json> comparable(std::vector<nlohmann::json> lines) {
  for (auto& line : lines) {
    for (const char* key : {"seconds", "phases", "time"}) line.erase(key);
  }
  return lines;
}

class InterruptedRuns : public ::testing::Test {
 protected:
  // Its folder, and its output.
  struct Ran {
    std::filesystem::path directory;
    Outcome outcome;
    nlohmann::json summary() const { return summary_of(directory); }
  };

  InterruptedRuns() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml",
                     points_experiment("threads = 1\nevaluate_every = 7\n\n[checkpoint]\nevery_steps = 5\n"));
  }

  static std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& settings) {
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  }
  std::vector<std::string> run_command(const std::string& name, const std::vector<std::string>& settings) {
    return with({"run", "points.toml", "--set", "experiment.name=" + name, "--set", "train.steps=30"}, settings);
  }
  Ran run(const std::string& name, const std::vector<std::string>& settings,
          const std::vector<std::string>& more = {}) {
    auto arguments = run_command(name, settings);
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto outcome = binade(arguments, workspace_);
    return {run_directory(workspace_, name), outcome};
  }
  Ran resume(const std::filesystem::path& directory, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"resume", directory.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {directory, binade(arguments, workspace_)};
  }

  static void expect_same_run(const Ran& one, const Ran& other) {
    EXPECT_EQ(nlohmann::json::diff(comparable(one.summary()), comparable(other.summary())), nlohmann::json::array());
    EXPECT_EQ(comparable(all_metrics(one.directory)), comparable(all_metrics(other.directory)));
    for (const char* file : {"weights.safetensors", "best.safetensors", "average.safetensors"}) {
      EXPECT_EQ(std::filesystem::exists(one.directory / file), std::filesystem::exists(other.directory / file)) << file;
      if (!std::filesystem::exists(one.directory / file)) continue;
      EXPECT_EQ(contents(one.directory / file), contents(other.directory / file)) << file;
    }
  }

  static std::uint64_t newest_step(const std::filesystem::path& directory) {
    std::uint64_t newest = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (!name.ends_with(".tmp")) newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(5)));
    }
    return newest;
  }
  // Of the run that a process is starting.
  bool wait_for_checkpoint(Process& process, const std::string& name, std::uint64_t step) const {
    return process.wait_until([&] {
      const auto directory = run_directory(workspace_, name);
      return !directory.empty() && newest_step(directory) >= step;
    });
  }

  TemporaryFolder workspace_;
};

}  // namespace binade::testing
