// 2N steps against N, and N more in another process: each part is a process of its own, so nothing is shared but files.
#include "host/commands/verify_resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/commands/child_process.h"
#include "host/commands/exit_codes.h"
#include "host/commands/experiment_argument.h"
#include "host/commands/signals.h"
#include "host/storage/scratch_folder.h"

namespace binade::host {
namespace {

using Json = nlohmann::json;

struct VerifyArguments {
  ExperimentArgument experiment;
  std::uint64_t steps = 20;
};

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// runs/<name>/<run id>, where there is only one.
std::filesystem::path only_run(const std::filesystem::path& runs) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(runs)) {
    if (entry.path().filename() == "summary.json") return entry.path().parent_path();
  }
  throw std::runtime_error("a run left no summary.json in " + runs.string());
}

// The step lines without what differs between any two runs.
std::vector<Json> steps_of(const std::filesystem::path& run) {
  std::vector<Json> steps;
  std::ifstream file(run / "metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    auto step = Json::parse(line);
    if (step["split"] != "train") continue;
    for (const char* key : {"seconds", "phases", "time"}) step.erase(key);
    steps.push_back(std::move(step));
  }
  return steps;
}

// "step 12: loss 0.31 and 0.32"; empty when all are equal.
std::string first_difference(const std::vector<Json>& straight, const std::vector<Json>& parts) {
  for (std::size_t i = 0; i < std::min(straight.size(), parts.size()); ++i) {
    for (const auto& [key, value] : straight[i].items()) {
      if (!parts[i].contains(key) || parts[i][key] == value) continue;
      return fmt::format("step {}: {} is {} in the straight run and {} in the resumed one", straight[i]["step"].dump(),
                         key, value.dump(), parts[i][key].dump());
    }
  }
  return straight.size() == parts.size() ? "" : "the numbers of steps";
}

class Verification {
 public:
  Verification(const VerifyArguments& arguments, const CommandLine& line) : arguments_(arguments), line_(line) {}

  int run() {
    child({"run", arguments_.experiment.file, "--runs", (scratch_.path() / "straight").string()});
    const auto n = std::to_string(arguments_.steps);
    child({"run", arguments_.experiment.file, "--runs", (scratch_.path() / "parts").string(), "--stop-after", n});
    const auto parts = only_run(scratch_.path() / "parts");
    child({"resume", parts.string()}, /*with_overrides=*/false);
    return compare(only_run(scratch_.path() / "straight"), parts);
  }

 private:
  void child(std::vector<std::string> command, bool with_overrides = true) {
    command.insert(command.begin(), line_.executable().string());
    if (with_overrides) {
      auto overrides = arguments_.experiment.overrides;
      overrides.push_back(fmt::format("train.steps={}", 2 * arguments_.steps));
      overrides.emplace_back("metrics.enabled=false");
      overrides.emplace_back("checkpoint.enabled=true");
      for (auto& setting : overrides) command.insert(command.end(), {"--set", std::move(setting)});
    }
    const auto log = scratch_.path() / "log";
    const auto end = run_child(command, log, stop_signal_);
    if (end.exit_code == exit_ok) return;
    throw std::runtime_error(fmt::format("`{} {}` ended with exit code {}:\n{}", line_.called_as(), command[1],
                                         end.exit_code, text_of_file(log)));
  }

  int compare(const std::filesystem::path& straight, const std::filesystem::path& parts) const {
    const auto one = Json::parse(text_of_file(straight / "summary.json"));
    const auto other = Json::parse(text_of_file(parts / "summary.json"));
    if (other["resumed_step"].is_null() || one["steps"] <= arguments_.steps) {
      throw std::runtime_error(fmt::format("the run ends before step {}: give fewer --steps", arguments_.steps + 1));
    }
    const bool weights = one["parameters_sha256"] == other["parameters_sha256"];
    const bool samples = one["samples_hash"] == other["samples_hash"];
    const bool average = text_of_file(straight / "average.safetensors") == text_of_file(parts / "average.safetensors");
    const auto difference = first_difference(steps_of(straight), steps_of(parts));
    fmt::print("{} steps in one run, against {} and {} more in another process\n", one["steps"].dump(),
               other["resumed_step"].dump(), one["steps"].get<std::uint64_t>() - arguments_.steps);
    const auto row = [](const char* what, bool same) { fmt::print("  {:<16} {}\n", what, same ? "equal" : "DIFFER"); };
    row("weights", weights);
    row("order of samples", samples);
    row("average", average);
    row("numbers by step", difference.empty());
    if (weights && samples && average && difference.empty()) return exit_ok;
    if (!difference.empty()) fmt::print("first difference: {}\n", difference);
    if (!samples) fmt::print("help: the dataset's samples must follow from (seed, epoch, index) alone\n");
    return exit_run_failed;
  }

  const VerifyArguments& arguments_;
  const CommandLine& line_;
  ScratchFolder scratch_{"verify-resume"};
  const std::atomic<int>& stop_signal_ = catch_stop_signals();
};

}  // namespace

void add_verify_resume(CommandLine& line) {
  const auto arguments = std::make_shared<VerifyArguments>();
  auto& verb = line.verb("verify-resume", "Prove that an interrupted and resumed run is the run that was not",
                         "  binade verify-resume experiment.toml\n"
                         "  binade verify-resume experiment.toml --steps 100 --set train.threads=1",
                         [arguments, &line] { return Verification(*arguments, line).run(); });
  arguments->experiment.add_to(verb);
  verb.add_option("--steps", arguments->steps, "Steps before the interruption, and after it")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->capture_default_str();
}

}  // namespace binade::host
