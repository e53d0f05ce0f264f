#include "host/run/trial.h"

#include <fmt/format.h>

#include "host/cli/exit_codes.h"
#include "host/storage/run_directory.h"

namespace binade::host {

bool TrialEnd::finished() const { return process.exit_code == exit_ok; }

int TrialEnd::exit_code() const {
  constexpr int first_signal = 128;
  return process.exit_code < first_signal ? process.exit_code : exit_run_failed;
}

std::string TrialEnd::failure() const {
  return fmt::format("exit code {}:{}\n  its output: {}", process.exit_code, last_words(log), log.string());
}

TrialEnd run_trial(const Trial& trial, const std::filesystem::path& executable, const std::atomic<int>& stop_signal) {
  std::vector<std::string> command{executable.string(),  "--color", "never", "run", trial.experiment.string(), "--runs",
                                   trial.folder.string()};
  const auto set = [&](const std::string& assignment) { command.insert(command.end(), {"--set", assignment}); };
  for (const auto& assignment : trial.overrides) set(assignment);
  set("experiment.name=" + trial.name);
  if (!trial.lock.empty()) command.insert(command.end(), {"--lock", trial.lock.string()});
  if (trial.measure_memory) command.emplace_back("--measure-memory");
  const auto log = trial.folder / (trial.name + ".log");
  const auto end = run_child(command, log, stop_signal);
  return {end, log, only_run_in(trial.folder / trial.name)};
}

}  // namespace binade::host
