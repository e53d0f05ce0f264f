#include "host/commands/run.h"

#include <fmt/format.h>

#include <memory>

#include "binade/abi/plugin.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/loading/catalog.h"
#include "host/run/train.h"
#include "host/trials/cross_validation.h"

namespace binade::host {
namespace {

struct RunArguments {
  RunOptions options;
  std::string runs = "runs", resume = "never";
  std::uint64_t folds = 0, overfit = 0;
};

// Resumes the newest unfinished run of the experiment's name, if there is one.
void resume_unfinished(RunOptions& options, const std::string& name, const CommandLine& line) {
  const auto directory = newest_unfinished(options.runs, name);
  if (!directory) return;
  const auto warn = [&line](const std::string& text) { log_line(line.color(), BINADE_LOG_WARNING, text); };
  options.resumed = find_resumable(*directory, warn);
  options.replaces_experiment = options.resumed.has_value();
  if (!options.resumed) warn(fmt::format("{} has no readable checkpoint: a new run begins", directory->string()));
}

int run(RunArguments& arguments, const CommandLine& line) {
  catch_checkpoint_signal();  // before anything slow
  auto& options = arguments.options;
  options.runs = arguments.runs;
  if (arguments.overfit > 0) options.experiment.overrides.push_back(fmt::format("split.overfit={}", arguments.overfit));
  if (arguments.folds > 0)
    return cross_validate({options.experiment, options.lock, options.runs, arguments.folds}, line);
  if (arguments.resume == "auto") {
    const auto experiment = options.experiment.load(Catalog(line.plugin_folders()), line.color());
    if (!experiment) return exit_usage;
    resume_unfinished(options, experiment->experiment.name, line);
  }
  return train(options, line);
}

}  // namespace

void add_run(CommandLine& line) {
  const auto arguments = std::make_shared<RunArguments>();
  auto& options = arguments->options;
  auto& verb = line.verb(
      "run", "Train the experiment's model",
      "  binade run experiment.toml\n"
      "  binade run experiment.toml --set train.steps=1000 --set optimizer.lr=1e-4\n"
      "  binade run experiment.toml --dry-run\n"
      "  binade run experiment.toml --runs /data/runs\n"
      "  binade run experiment.toml --resume auto\n"
      "  binade run experiment.toml --folds 5",
      [arguments, &line] { return run(*arguments, line); }, Stopping::by_the_verb);
  options.experiment.add_to(verb);
  options.lock.add_to(verb);
  verb.option("--runs", arguments->runs, "DIR", "The folder for run directories, created if missing").show_default();
  constexpr std::uint64_t most_folds = 1000;
  const auto folds = verb.option("--folds", arguments->folds, "K",
                                 "Cross-validation: train K times, each time validating with another fold, and report "
                                 "means and intervals")
                         .within(2, most_folds);
  verb.option(
          "--overfit", arguments->overfit, "N",
          "Train on N samples and validate with the same ones, to see whether the model can learn them; the same as "
          "--set split.overfit=N")
      .positive()
      .excludes(folds);
  verb.option("--resume", arguments->resume, "WHEN",
              "auto: resume the newest unfinished run of this name, if there is one")
      .one_of({"auto", "never"})
      .show_default()
      .excludes(folds);
  verb.option(
          "--rescue", options.rescue, "DIR",
          "A folder on another disk, created if missing, for the final weights if the run's folder cannot take them")
      .excludes(folds);
  verb.option("--stop-after", options.stop_after, "STEPS",
              "Stop after this many steps, with a checkpoint to resume from")
      .excludes(folds);
  verb.flag("--dry-run", options.dry_run, "Stop after one step and an evaluation, with everything in place")
      .excludes(folds);
  verb.flag("--measure-memory", options.measure_memory,
            "Record the peak of live tensors as peak_tensor_bytes in summary.json")
      .excludes(folds);
}

}  // namespace binade::host
