// From an experiment to a trained model.
#include "host/run/training_job.h"

#include <fmt/format.h>

#include <optional>

#include "host/base/atomic_file.h"
#include "host/base/error_text.h"
#include "host/base/scratch_folder.h"
#include "host/cli/exit_codes.h"
#include "host/cli/experiment_argument.h"
#include "host/cli/last_resort.h"
#include "host/cli/parting.h"
#include "host/cli/signals.h"
#include "host/cli/version.h"
#include "host/loading/lock/experiment_lock.h"
#include "host/run/data_identity.h"
#include "host/run/dataset_setup.h"
#include "host/run/engine_library.h"
#include "host/run/opened_plugins.h"
#include "host/run/reports/console_report.h"
#include "host/run/reports/crash_report.h"
#include "host/run/reports/plugin_summary.h"
#include "host/run/reports/stop_notice.h"
#include "host/run/reports/summary_json.h"
#include "host/run/run_fingerprint.h"
#include "host/run/run_telemetry.h"
#include "host/run/watchdog_response.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

std::vector<std::string> command_line_of(const TrainingJob& job, const CommandLine& line) {
  std::vector<std::string> words{line.program_name(), job.verb, job.experiment.file};
  for (const auto& override_text : job.experiment.overrides) {
    words.emplace_back("--set");
    words.push_back(override_text);
  }
  return words;
}

// The folder that all runs' directories lie in.
std::filesystem::path runs_of(const TrainingJob& job) {
  return job.resumed ? job.resumed->directory.path().parent_path().parent_path() : job.runs;
}

// Empty: there are none.
std::filesystem::path checkpoint_folder(const TrainingJob& job, const Experiment& experiment,
                                        const RunDirectory& directory) {
  if (job.dry_run || !experiment.checkpoint.boolean("enabled")) return {};
  return directory.path() / "checkpoints";
}

// `run`: where its checkpoints are; empty without any.
std::string advice(const std::filesystem::path& run, const std::string& binade) {
  auto validate = fmt::format("  help: `{} plugins validate FILE` tries a plugin's calls one by one\n", binade);
  if (run.empty()) return validate;
  return fmt::format("{}        `{} resume {}` goes on from the last checkpoint\n", validate, binade, run.string());
}

void log_plugin_failure(const PluginError& failure, const std::vector<PluginSummary>& summaries, std::uint64_t steps,
                        ColorMode color) {
  for (const auto& summary : summaries) {
    if (summary.plugin.id() != failure.plugin()) continue;
    return log_line(color, BINADE_LOG_INFO, fmt::format("a plugin fails, in step {}: {}", steps + 1, summary.text));
  }
}

std::string lock_of(const OpenedPlugins& plugins, const EngineLibrary& engine) {
  auto lock = make_lock(engine.build_block(), version());
  for (const auto& plugin : plugins.all()) add(lock, plugin);
  return to_toml(lock);
}

int exit_code_of(const TrainingResult& result, int signal) {
  if (result.state == RunState::preempted) return exit_preempted;
  return result.state == RunState::interrupted && signal != 0 ? 128 + signal : exit_ok;
}

// The exit code, where a signal came meanwhile; the same command is as good as not started.
std::optional<int> stopped_before_the_work(ColorMode color) {
  const int signal = stop_signal().load();
  if (signal == 0) return std::nullopt;
  log_line(color, BINADE_LOG_INFO, fmt::format("stopped by signal {} before the work began; nothing is lost", signal));
  return exit_code_before_the_work(signal);
}

// What its end is told by.
struct StartedRun {
  const TrainingJob& job;
  const Experiment& experiment;
  const std::filesystem::path& runs;  // that the directory lies in
  const RunDirectory& directory;
  const ReportedRun& reported;
  const std::vector<PluginSummary>& summaries;
  RunTelemetry& telemetry;
  const Fingerprint& data;
  ColorMode color;
};

// Into the rescue folder where the run's own does not take it.
void write_summary(const StartedRun& run, const TrainingResult& result) {
  const auto text = summary_json(result, run.experiment, run.data);
  try {
    run.directory.write("summary.json", text);
  } catch (const std::system_error& error) {
    if (run.job.rescue.empty()) throw;
    const auto folder = run.job.rescue / run.directory.run_id();
    std::filesystem::create_directories(folder);
    AtomicFile file(folder / "summary.json");
    file.write(text.data(), text.size());
    file.commit();
    log_line(run.color, BINADE_LOG_WARNING, fmt::format("{}; it is in {}", error.what(), folder.string()));
  }
}

void end(const StartedRun& run, const TrainingResult& result) {
  write_summary(run, result);
  run.telemetry.end({result.state, result.steps, result.skipped_steps, result.seconds});
  const Paint paint(wants_color(run.color, stdout));
  if (!run.job.dry_run) return print_end(run.reported, result, paint);
  std::filesystem::remove_all(run.runs);
  if (result.state != RunState::finished) return log_line(run.color, BINADE_LOG_INFO, "the dry run was stopped");
  show("\n{} one step (loss {:.4g}) and an evaluation (loss {:.4g}) went through; nothing was kept\n",
       paint.green("dry run:"), result.final_loss, result.validation_loss);
}

void end(const StartedRun& run, const std::exception& failure) {
  const auto tell = [&run](int level, const std::string& text) { log_line(run.color, level, text); };
  if (const auto* of_plugin = dynamic_cast<const PluginError*>(&failure)) {
    log_plugin_failure(*of_plugin, run.summaries, run.telemetry.steps(), run.color);
  }
  const auto reached = run.telemetry.reached();
  run.telemetry.end({RunState::failed, reached.steps, reached.skipped_steps, reached.seconds});
  if (dynamic_cast<const RunFolderGone*>(&failure) != nullptr) return;  // its message says all that there is to say
  try {
    run.directory.write("summary.json", failure_json(error_text(failure), reached, run.experiment));
  } catch (const std::system_error& error) {  // the disk may be what failed: its words must not hide the failure's
    tell(BINADE_LOG_WARNING, error_text(error));
  }
  tell(BINADE_LOG_INFO, fmt::format("what was recorded lies in {}", run.reported.directory.string()));
  if (const auto last = last_checkpoint_text(run.reported); !last.empty()) tell(BINADE_LOG_INFO, last);
}

}  // namespace

int train(const TrainingJob& job, const CommandLine& line) {
  const Catalog catalog(line.plugin_folders());
  auto experiment = job.experiment.load(catalog, line.color());
  if (!experiment) return exit_usage;
  warn_of_doubts(*experiment, line.color());
  auto& checkpoint_asked = catch_checkpoint_signal();
  if (const auto code = stopped_before_the_work(line.color())) return *code;

  const EngineLibrary engine_library(line.executable());
  auto copies = job.lock.open(job.experiment.file, engine_library.build_block());
  auto files = chosen_files(*experiment, catalog);
  if (copies) verify(files, *copies);
  require_same_build(files.model, engine_library.build_block(), engine_library.path());
  const auto engine = engine_library.load();
  const auto data_files = hash_data_files(*experiment, runs_of(job));
  const OpenedPlugins plugins(files, [&line](auto level, const auto& id, auto text) {
    log_line(line.color(), level, fmt::format("{}: {}", id, text));
  });
  speak_before_libraries_exit();
  copies.reset();  // what is loaded needs them no more, and nothing that ends the run can leave them
  std::optional<CrashReport> crash_report(std::in_place, summaries_of(*experiment, plugins),
                                          advice({}, line.program_name()));
  if (!job.rescue.empty()) std::filesystem::create_directories(job.rescue);
  Progress progress;
  auto watchdog = watch_start(*experiment, plugins, progress, line.color());
  const StopNotice stop_notice(stop_signal(), progress, watched(plugins.all()), line.color());
  const auto dataset = wire_dataset(*experiment, plugins, *engine, line.color());
  if (!dataset) return exit_usage;
  const auto inputs = inputs_of(plugins.model_manifest, *dataset);
  if (const auto code = stopped_before_the_work(line.color())) return *code;

  const auto resolved = to_toml(*experiment);
  const auto& name = experiment->experiment.string("name");
  // A dry run that succeeds leaves nothing behind.
  const auto runs = job.dry_run ? make_scratch_folder("dry-run") : job.runs;
  Parting parting;
  const auto directory = job.resumed ? job.resumed->directory : RunDirectory(runs, name, resolved);
  const auto lock = job.resumed ? job.resumed->lock : std::make_shared<RunLock>(directory.path());
  parting.remove_unfinished(directory.path());
  const auto locked = lock_of(plugins, engine_library);
  if (!job.resumed || job.new_experiment) directory.write("experiment.toml", resolved);
  directory.write("experiment.lock", locked);
  directory.write("environment.json", environment_json(engine->info(), command_line_of(job, line)));

  RunTelemetry telemetry(*experiment, plugins, directory, engine->info(),
                         job.resumed ? std::optional(job.resumed->metrics) : std::nullopt, parting, job.dry_run,
                         line.color());
  const Paint paint(wants_color(line.color(), stdout));
  const ReportedRun reported{name,
                             job.resumed ? job.resumed->called : runs / name / directory.run_id(),
                             experiment->model.plugin,
                             experiment->dataset.plugin,
                             telemetry.metrics_address(),
                             line.program_name()};
  StartReport start_report(reported, paint);
  telemetry.before_loggers(start_report);
  watchdog.reset();
  watchdog = watch({*experiment, plugins, directory, reported, telemetry, progress, line.color()});

  const auto summaries = summaries_of(*experiment, plugins);
  crash_report.emplace(summaries, advice(job.dry_run ? "" : reported.directory, line.program_name()),
                       directory.path() / "crash.txt", &telemetry.steps());

  const auto data = fingerprint_of(*dataset, *experiment, data_files.get(), stop_signal(), line.color());

  const TrainingRequest request{.experiment = *experiment,
                                .dataset = *dataset,
                                .model = plugins.model,
                                .inputs = inputs,
                                .model_options = experiment->model.options,
                                .precision = plugins.precision ? &*plugins.precision : nullptr,
                                .weights_file = directory.path() / "weights.safetensors",
                                .best_file = directory.path() / "best.safetensors",
                                .average_file = directory.path() / "average.safetensors",
                                .dry_run = job.dry_run,
                                .measure_memory = job.measure_memory,
                                .rescue_folder = job.rescue,
                                .stop_signal = stop_signal(),
                                .listener = telemetry.listener(),
                                .checkpoint_folder = checkpoint_folder(job, *experiment, directory),
                                .metrics_file = directory.path() / "metrics.jsonl",
                                .checkpoint_asked = &checkpoint_asked,
                                .resume = job.resumed ? &job.resumed->checkpoint : nullptr,
                                .run_fingerprint = run_fingerprint(*experiment, plugins.all(), engine->info(),
                                                                   engine_library.build_block(), data),
                                .records = {{"experiment.toml", resolved}, {"experiment.lock", locked}},
                                .stop_after = job.stop_after,
                                .progress = &progress};
  const StartedRun run{job, *experiment, runs, directory, reported, summaries, telemetry, data, line.color()};
  try {
    directory.write("data.json", data_json(data));
    const auto result = engine->train(request);
    watchdog.reset();
    end(run, result);
    return exit_code_of(result, stop_signal().load());
  } catch (const std::exception& failure) {
    watchdog.reset();
    end(run, failure);
    throw;
  }
}

}  // namespace binade::host
