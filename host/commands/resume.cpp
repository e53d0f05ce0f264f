#include "host/commands/resume.h"

#include <fmt/format.h>

#include <memory>

#include "binade/abi/plugin.h"
#include "host/cli/command_line.h"
#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/run/train.h"

namespace binade::host {
namespace {

struct ResumeArguments {
  std::string run;
  RunOptions options;
};

int resume(ResumeArguments& arguments, const CommandLine& line) {
  catch_checkpoint_signal();  // before anything slow
  auto& options = arguments.options;
  options.resumed = find_resumable(
      arguments.run, [&line](const std::string& text) { log_line(line.color(), BINADE_LOG_WARNING, text); });
  if (!options.resumed) {
    log_line(line.color(), BINADE_LOG_ERROR,
             fmt::format("{} has no readable checkpoint; start again with `{} run {}`", arguments.run,
                         line.program_name(), (std::filesystem::path(arguments.run) / "experiment.toml").string()));
    return exit_bad_data;
  }
  options.verb = "resume";
  options.experiment.file = (options.resumed->directory.path() / "experiment.toml").string();
  options.replaces_experiment = !options.experiment.overrides.empty();
  return train(options, line);
}

}  // namespace

void add_resume(CommandLine& line) {
  const auto arguments = std::make_shared<ResumeArguments>();
  auto& verb = line.verb(
      "resume", "Resume an interrupted run from its newest good checkpoint",
      "  binade resume runs/first-run/20260101T120000Z-0123abcd\n"
      "  binade resume runs/first-run/20260101T120000Z-0123abcd --set train.steps=2000",
      [arguments, &line] { return resume(*arguments, line); }, Stopping::by_the_verb);
  verb.argument("RUN", arguments->run, "The directory of the run");
  arguments->options.experiment.add_overrides_to(verb);
  arguments->options.lock.add_to(verb);
  verb.option(
      "--rescue", arguments->options.rescue, "DIR",
      "A folder on another disk, created if missing, for the final weights if the run's folder cannot take them");
  verb.option("--stop-after", arguments->options.stop_after, "STEPS",
              "Stop after this many more steps, with a checkpoint to resume from");
}

}  // namespace binade::host
