#include "host/trials/trial.h"

#include "host/cli/signals.h"
#include "host/storage/run_directory.h"

namespace binade::host {

TrialEnd run_trial(const Trial& trial, const CommandLine& line) {
  std::vector<std::string> command{
      line.executable().string(), "--color", "never", "run", trial.experiment.string(), "--runs",
      trial.folder.string()};
  const auto set = [&](const std::string& assignment) { command.insert(command.end(), {"--set", assignment}); };
  for (const auto& assignment : trial.overrides) set(assignment);
  set("experiment.name=" + trial.name);
  if (!trial.lock.empty()) command.insert(command.end(), {"--lock", trial.lock.string()});
  const auto log = trial.folder / (trial.name + ".log");
  const auto end = run_child(command, log, stop_signal());
  return {end, log, only_run_in(trial.folder / trial.name)};
}

}  // namespace binade::host
