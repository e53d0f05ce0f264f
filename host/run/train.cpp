#include "host/run/train.h"

#include <fmt/format.h>

#include <optional>

#include "host/cli/exit_codes.h"
#include "host/cli/signals.h"
#include "host/run/run.h"
#include "host/run/run_parts.h"

namespace binade::host {
namespace {

// The exit code, where a signal has come already: nothing has begun that could be lost.
std::optional<int> stopped_before_the_work(ColorMode color) {
  const int signal = stop_signal().load();
  if (signal == 0) return std::nullopt;
  log_line(color, BINADE_LOG_INFO, fmt::format("stopped by signal {} before the work began; nothing is lost", signal));
  return exit_code_before_the_work(signal);
}

int exit_code_of(const TrainingResult& result, int signal) {
  if (result.outcome.state == RunState::preempted) return exit_preempted;
  return result.outcome.state == RunState::interrupted && signal != 0 ? 128 + signal : exit_ok;
}

}  // namespace

int train(const RunOptions& options, const CommandLine& line) {
  catch_checkpoint_signal();
  const Catalog catalog(line.plugin_folders());
  auto experiment = options.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  warn_of_doubts(*experiment, line.color());
  if (const auto code = stopped_before_the_work(line.color())) return *code;

  const auto parts = load_parts(*experiment, catalog, options, line);
  Run run(*experiment, parts, options, line);
  if (!run.open_dataset()) return exit_usage;
  if (const auto code = stopped_before_the_work(line.color())) return *code;

  run.start();
  try {
    run.record_data();
    const auto result = parts.engine->train(run.request());
    run.finish(result);
    return exit_code_of(result, stop_signal().load());
  } catch (const std::exception& failure) {
    run.fail(failure);
    throw;
  }
}

}  // namespace binade::host
