#include "host/commands/tune.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>

#include "binade/abi/plugin.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/trials/batch_size_search.h"
#include "host/trials/lr_range.h"

namespace binade::host {
namespace {

struct TuneArguments {
  ExperimentArgument experiment;
  std::string what;
  std::filesystem::path runs = "runs";
  bool json = false;
  std::optional<std::uint64_t> steps;
  double low = 0, high = 0;     // 0: not given
  double memory_mebibytes = 0;  // 0: not given
};

int refuse(const CommandLine& line, const std::string& text) {
  log_line(line.color(), BINADE_LOG_ERROR, text);
  return exit_usage;
}

int tune_lr(const TuneArguments& arguments, const CommandLine& line) {
  if (arguments.memory_mebibytes > 0) return refuse(line, "--memory belongs to batch_size, not to lr");
  LrRange asked{.experiment = arguments.experiment, .runs = arguments.runs, .json = arguments.json};
  if (arguments.low > 0) asked.low = arguments.low;
  if (arguments.high > 0) asked.high = arguments.high;
  if (arguments.steps) asked.steps = *arguments.steps;
  constexpr std::uint64_t least_steps = 20;
  if (asked.steps < least_steps) return refuse(line, fmt::format("lr needs at least {} steps", least_steps));
  if (!(asked.low < asked.high)) {
    return refuse(line,
                  fmt::format("--low is {:g}: it must be less than --high, which is {:g}", asked.low, asked.high));
  }
  return find_learning_rate(asked, line);
}

int tune_batch_size(const TuneArguments& arguments, const CommandLine& line) {
  if (arguments.low > 0 || arguments.high > 0) return refuse(line, "--low and --high belong to lr, not to batch_size");
  constexpr double mebibyte = 1 << 20;
  BatchSizeSearch asked{.experiment = arguments.experiment,
                        .runs = arguments.runs,
                        .memory_bytes = arguments.memory_mebibytes * mebibyte,
                        .json = arguments.json};
  if (arguments.steps) asked.steps = *arguments.steps;
  return find_batch_size(asked, line);
}

int tune(const TuneArguments& arguments, const CommandLine& line) {
  if (arguments.what == "lr") return tune_lr(arguments, line);
  if (arguments.what == "batch_size") return tune_batch_size(arguments, line);
  return refuse(line, fmt::format("`{}` cannot be tuned, only `lr` and `batch_size`", arguments.what));
}

}  // namespace

void add_tune(CommandLine& line) {
  constexpr std::uint64_t most_steps = 100'000;
  const auto arguments = std::make_shared<TuneArguments>();
  auto& verb = line.verb(
      "tune", "Find a learning rate or a batch size by short runs",
      "  binade tune experiment.toml lr\n"
      "  binade tune experiment.toml lr --low 1e-5 --high 1 --steps 200\n"
      "  binade tune experiment.toml batch_size\n"
      "\nlr: the learning rate grows from --low to --high; the suggestion is where the loss falls fastest.\n"
      "batch_size: doubles the size until memory runs out, then searches between the last two sizes.",
      [arguments, &line] { return tune(*arguments, line); }, Stopping::by_the_verb);
  arguments->experiment.add_to(verb);
  verb.argument("WHAT", arguments->what, "lr or batch_size");
  verb.option("--low", arguments->low, "LR", "lr: the learning rate of the first step (default: 1e-7)").positive();
  verb.option("--high", arguments->high, "LR", "lr: the learning rate of the last step (default: 10)").positive();
  verb.option("--memory", arguments->memory_mebibytes, "MIB",
              "batch_size: memory that a trial may use (default: nine tenths of what is available)")
      .positive();
  verb.option("--steps", arguments->steps, "N", "Steps of a run (default: 100 for lr, 8 for batch_size)")
      .within(2, most_steps);
  verb.option("--runs", arguments->runs, "DIR", "The folder for run directories, created if missing")
      .show_default("runs");
  verb.flag("--json", arguments->json, "Print the result as JSON");
}

}  // namespace binade::host
