// Compares 2N steps with N steps and N more in another process. Each part is a process of its own, so that they share
// nothing but files.
#include "host/commands/verify_resume.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/file_stream.h"
#include "host/base/read_file.h"
#include "host/base/scratch_folder.h"
#include "host/cli/child_process.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/signals.h"
#include "host/data/fingerprint/fingerprint_differences.h"

namespace binade::host {
namespace {

using OrderedJson = nlohmann::ordered_json;

struct VerifyArguments {
  ExperimentArgument experiment;
  std::uint64_t steps = 20;
};

// Empty without [train] ema_decay.
std::string average_of(const std::filesystem::path& run) {
  const auto file = run / "average.safetensors";
  return std::filesystem::exists(file) ? read_file(file) : "";
}

// The only runs/<name>/<run id>.
std::filesystem::path only_run(const std::filesystem::path& runs) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(runs)) {
    if (entry.path().filename() == "summary.json") return entry.path().parent_path();
  }
  throw std::runtime_error("a run left no summary.json in " + runs.string());
}

OrderedJson summary_of(const std::filesystem::path& run) { return OrderedJson::parse(read_file(run / "summary.json")); }

Fingerprint data_of(const std::filesystem::path& run) {
  return OrderedJson::parse(read_file(run / "data.json")).get<Fingerprint>();
}

// All lines, without the keys that differ between any two runs.
std::vector<OrderedJson> lines_of(const std::filesystem::path& run) {
  std::vector<OrderedJson> lines;
  const auto path = run / "metrics.jsonl";
  FileStream file(path);
  for (std::string text; std::getline(file, text);) {
    auto line = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) {
      throw std::runtime_error(
          fmt::format("{}:{}: this line is not a record of the run", path.string(), lines.size() + 1));
    }
    for (const char* key : {"seconds", "phases", "time"}) line.erase(key);
    lines.push_back(std::move(line));
  }
  return lines;
}

struct Difference {
  std::uint64_t step = 0;
  std::string key, text;
};

// In the order of the files, in which a cause precedes its effects.
std::optional<Difference> first_difference(const std::vector<OrderedJson>& straight,
                                           const std::vector<OrderedJson>& parts) {
  for (std::size_t i = 0; i < std::min(straight.size(), parts.size()); ++i) {
    const auto step = straight[i]["step"].get<std::uint64_t>();
    for (const auto& [key, value] : straight[i].items()) {
      const auto other = parts[i].value(key, OrderedJson());
      if (other == value) continue;
      return Difference{step, key,
                        fmt::format("step {} ({}): {} is {} in the straight run and {} in the resumed one", step,
                                    straight[i]["split"].get<std::string>(), key, value.dump(), other.dump())};
    }
  }
  if (straight.size() == parts.size()) return std::nullopt;
  return Difference{0, "", fmt::format("metrics.jsonl has {} lines and {}", straight.size(), parts.size())};
}

// Where to look for the cause, judged by the first difference.
std::string advice(const Difference& first, std::uint64_t interrupted, bool same_start) {
  if (!same_start) {
    return "the model begins with different weights in each process: they must come from LibTorch's generators, which "
           "[experiment] seed seeds";
  }
  if (first.step != 0 && first.step <= interrupted) {
    return "this is before the interruption, so two runs of this experiment are not equal either: look for random "
           "numbers that [experiment] seed does not seed, and for samples that do not follow from (seed, epoch, index) "
           "alone; threads may also add in another order, which `--set train.threads=1` rules out";
  }
  constexpr std::array of_the_scale{"loss_scale", "next_loss_scale", "growth_tracker", "skipped", "skip_cause"};
  if (std::find(of_the_scale.begin(), of_the_scale.end(), first.key) != of_the_scale.end()) {
    return "the precision plugin remembers something that its save() does not write or its load() does not read back";
  }
  return "whatever the model changes from step to step must be a parameter or a buffer (register_buffer()), its random "
         "numbers must come from LibTorch's generators, and the dataset's samples must follow from (seed, epoch, "
         "index) alone: `plugins validate FILE` tries a plugin's calls";
}

std::string advice(const std::vector<std::string>& data_differences) {
  return fmt::format(
      "{}: something changed it between these runs, or the dataset gives different samples each time it is "
      "opened",
      fmt::join(data_differences, "; "));
}

// The state in which the first part began.
struct Start {
  OrderedJson weights;  // their hash
  Fingerprint data;
};
// Thrown when a signal arrives before the result is known.
struct Stopped {};

class Verification {
 public:
  Verification(const VerifyArguments& arguments, const CommandLine& line) : arguments_(arguments), line_(line) {}

  int run() {
    try {
      return verify();
    } catch (const Stopped&) {
      const int signal = stop_signal_.load();
      tell(fmt::format("stopped by signal {} before there was a result", signal));
      return exit_code_before_the_work(signal);
    }
  }

 private:
  int verify() {
    const auto n = std::to_string(arguments_.steps);
    tell(fmt::format("{} steps in one run", 2 * arguments_.steps));
    child({"run", arguments_.experiment.file, "--runs", (scratch_.path() / "straight").string()});
    tell(fmt::format("{} steps of another run", n));
    child({"run", arguments_.experiment.file, "--runs", (scratch_.path() / "parts").string(), "--stop-after", n});
    const auto parts = only_run(scratch_.path() / "parts");
    // Read now, because the resumed process replaces them.
    const Start start{summary_of(parts)["initial_parameters_sha256"], data_of(parts)};
    tell(fmt::format("the other {} in another process", n));
    child({"resume", parts.string()}, /*with_overrides=*/false);
    return compare(only_run(scratch_.path() / "straight"), parts, start);
  }

  void tell(const std::string& text) const { log_line(line_.color(), BINADE_LOG_INFO, text); }

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
    if (stop_signal_.load() != 0) throw Stopped();
    if (end.exit_code == exit_ok) return;
    throw std::runtime_error(fmt::format("`{} {}` ended with exit code {}:\n{}", line_.program_name(), command[1],
                                         end.exit_code, read_file(log)));
  }

  int compare(const std::filesystem::path& straight, const std::filesystem::path& parts, const Start& start) const {
    const auto one = summary_of(straight);
    const auto other = summary_of(parts);
    if (other["resumed_step"].is_null() || one["steps"] <= arguments_.steps) {
      throw std::runtime_error(fmt::format("the run ends before step {}: give fewer --steps", arguments_.steps + 1));
    }
    const bool weights = one["parameters_sha256"] == other["parameters_sha256"];
    const bool samples = one["samples_hash"] == other["samples_hash"];
    const bool average = average_of(straight) == average_of(parts);
    const bool same_start = one["initial_parameters_sha256"] == start.weights;
    auto data = data_differences(data_of(straight), start.data);
    if (data.empty()) data = data_differences(start.data, data_of(parts));
    auto difference = first_difference(lines_of(straight), lines_of(parts));
    if (!same_start) difference = Difference{0, "", "the weights before the first step"};
    show("{} steps in one run, against {} and {} more in another process\n", one["steps"].dump(),
         other["resumed_step"].dump(), one["steps"].get<std::uint64_t>() - arguments_.steps);
    const auto row = [](const char* what, bool same) { show("  {:<16} {}\n", what, same ? "equal" : "DIFFER"); };
    row("data", data.empty());
    row("weights", weights);
    row("order of samples", samples);
    row("average", average);
    row("numbers by step", !difference);
    if (data.empty() && weights && samples && average && !difference) return exit_ok;
    if (difference) show("first difference: {}\n", difference->text);
    const auto help = !data.empty() ? advice(data)
                      : samples     ? advice(difference.value_or(Difference()), arguments_.steps, same_start)
                                    : "the dataset must have the same samples in each process";
    show("help: {}\n", help);
    return exit_run_failed;
  }

  const VerifyArguments& arguments_;
  const CommandLine& line_;
  ScratchFolder scratch_{"verify-resume"};
  const std::atomic<int>& stop_signal_ = stop_signal();
};

}  // namespace

void add_verify_resume(CommandLine& line) {
  const auto arguments = std::make_shared<VerifyArguments>();
  auto& verb = line.verb(
      "verify-resume", "Check that a resumed run reproduces an uninterrupted one exactly",
      "  binade verify-resume experiment.toml\n"
      "  binade verify-resume experiment.toml --steps 100 --set train.threads=1",
      [arguments, &line] { return Verification(*arguments, line).run(); }, Stopping::by_the_verb);
  arguments->experiment.add_to(verb);
  constexpr std::uint64_t max_steps = 1'000'000;
  verb.option("--steps", arguments->steps, "N", "Steps before and after the interruption")
      .within(1, max_steps)
      .show_default();
}

}  // namespace binade::host
