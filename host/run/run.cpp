#include "host/run/run.h"

#include <fmt/format.h>

#include <system_error>

#include "binade/abi/plugin.h"
#include "host/base/atomic_file.h"
#include "host/base/error_text.h"
#include "host/cli/signals.h"
#include "host/experiment/resolved.h"
#include "host/run/data_identity.h"
#include "host/run/dataset_setup.h"
#include "host/run/reports/plugin_summary.h"
#include "host/run/reports/summary_json.h"
#include "host/run/run_fingerprint.h"
#include "host/run/watchdog_response.h"

namespace binade::host {
namespace {

std::vector<std::string> command_line_of(const RunOptions& options, const CommandLine& line) {
  std::vector<std::string> words{line.program_name(), options.verb, options.experiment.file};
  for (const auto& override_text : options.experiment.overrides) {
    words.emplace_back("--set");
    words.push_back(override_text);
  }
  return words;
}

// What to do after a crash. `run`: the folder of its checkpoints; empty: there are none.
std::string advice(const std::filesystem::path& run, const std::string& binade) {
  auto validate = fmt::format("  help: `{} plugins validate FILE` tries a plugin's calls one by one\n", binade);
  if (run.empty()) return validate;
  return fmt::format("{}        `{} resume {}` continues from the last checkpoint\n", validate, binade, run.string());
}

}  // namespace

Run::Run(Experiment& experiment, const RunParts& parts, const RunOptions& options, const CommandLine& line)
    : experiment_(experiment),
      parts_(parts),
      options_(options),
      line_(line),
      crash_report_(std::in_place, summaries_of(experiment, parts.plugins), advice({}, line.program_name())),
      stop_notice_(stop_signal(), progress_, watched(parts.plugins.all()), line.color()),
      watchdog_(watch_start(experiment, parts.plugins, progress_, line.color())) {
  if (!options.rescue.empty()) std::filesystem::create_directories(options.rescue);
}

bool Run::open_dataset() {
  dataset_ = wire_dataset(experiment_, parts_.plugins, *parts_.engine, line_.color());
  if (dataset_) inputs_ = inputs_of(parts_.plugins.model_manifest, *dataset_);
  return dataset_ != nullptr;
}

void Run::start() {
  resolved_ = to_toml(experiment_);
  lock_ = lock_text(parts_);
  home_.emplace(make_home());
  parting_.remove_unfinished(home_->directory.path());
  write_records();
  start_telemetry();
  watch_itself();
}

RunHome Run::make_home() const {
  const auto& name = experiment_.experiment.name;
  if (options_.resumed) return RunHome::resumed(*options_.resumed);
  return options_.dry_run ? RunHome::dry(name, resolved_) : RunHome::fresh(options_.runs, name, resolved_);
}

void Run::write_records() const {
  const auto& directory = home_->directory;
  if (!home_->resumes || options_.replaces_experiment) directory.write("experiment.toml", resolved_);
  directory.write("experiment.lock", lock_);
  directory.write("environment.json", environment_json(parts_.engine->info(), command_line_of(options_, line_)));
}

void Run::start_telemetry() {
  telemetry_.emplace(*this, parting_);
  start_report_.emplace(*this, Paint(wants_color(line_.color(), stdout)));
  telemetry_->before_loggers(*start_report_);
}

void Run::watch_itself() {
  watchdog_.reset();
  watchdog_ = watch(*this);
  crash_report_.emplace(summaries_of(experiment_, parts_.plugins),
                        advice(home_->is_dry ? "" : home_->shown, line_.program_name()),
                        home_->directory.path() / "crash.txt", &telemetry_->steps());
}

void Run::record_data() {
  data_ = fingerprint_of(*dataset_, experiment_, parts_.hashing.get(), stop_signal(), line_.color());
  home_->directory.write("data.json", data_json(data_));
}

TrainingRequest Run::request() {
  const auto& folder = home_->directory.path();
  const bool keeps_checkpoints = !home_->is_dry && experiment_.checkpoint.enabled;
  const auto& plugins = parts_.plugins;
  return {.experiment = experiment_,
          .dataset = *dataset_,
          .model = plugins.model,
          .inputs = inputs_,
          .model_options = experiment_.model.options,
          .precision = plugins.precision ? &*plugins.precision : nullptr,
          .weights_file = folder / "weights.safetensors",
          .best_file = folder / "best.safetensors",
          .average_file = folder / "average.safetensors",
          .dry_run = home_->is_dry,
          .measure_memory = options_.measure_memory,
          .rescue_folder = options_.rescue,
          .stop_signal = stop_signal(),
          .listener = telemetry_->listener(),
          .checkpoint_folder = keeps_checkpoints ? folder / "checkpoints" : std::filesystem::path(),
          .metrics_file = folder / "metrics.jsonl",
          .checkpoint_asked = &catch_checkpoint_signal(),
          .resume = home_->resumes ? &home_->resumes->checkpoint : nullptr,
          .run_fingerprint =
              run_fingerprint(experiment_, plugins.all(), parts_.engine->info(), parts_.library.build_block(), data_),
          .records = {{"experiment.toml", resolved_}, {"experiment.lock", lock_}},
          .stop_after = options_.stop_after,
          .progress = &progress_};
}

void Run::finish(const TrainingResult& result) {
  watchdog_.reset();
  write_summary(result);
  const auto& [facts, statistics, outcome, weights, held_out] = result;
  telemetry_->end({outcome.state, statistics.steps, statistics.skipped_steps, statistics.seconds});
  const Paint paint(wants_color(line_.color(), stdout));
  if (!home_->is_dry) return print_end(*this, result, paint);
  home_->discard();
  if (outcome.state != RunState::finished) return tell(BINADE_LOG_INFO, "the dry run was stopped");
  show("\n{} one step (loss {:.4g}) and an evaluation (loss {:.4g}) went through; nothing was kept\n",
       paint.green("dry run:"), statistics.final_loss, statistics.validation_loss);
}

// Into the rescue folder where the run's own cannot take it.
void Run::write_summary(const TrainingResult& result) const {
  const auto text = summary_json(result, experiment_, data_);
  try {
    home_->directory.write("summary.json", text);
  } catch (const std::system_error& error) {
    if (options_.rescue.empty()) throw;
    const auto folder = options_.rescue / home_->directory.run_id();
    std::filesystem::create_directories(folder);
    AtomicFile file(folder / "summary.json");
    file.write(text.data(), text.size());
    file.commit();
    tell(BINADE_LOG_WARNING, fmt::format("{}; it is in {}", error.what(), folder.string()));
  }
}

void Run::log_plugin_failure(const PluginError& failure, std::uint64_t step) const {
  for (const auto& summary : summaries_of(experiment_, parts_.plugins)) {
    if (summary.plugin.id() != failure.plugin()) continue;
    return tell(BINADE_LOG_INFO, fmt::format("a plugin failed in step {}: {}", step, summary.text));
  }
}

void Run::fail(const std::exception& failure) {
  watchdog_.reset();
  const auto reached = telemetry_->reached();
  if (const auto* plugin_failure = dynamic_cast<const PluginError*>(&failure)) {
    log_plugin_failure(*plugin_failure, reached.steps + 1);
  }
  telemetry_->end({RunState::failed, reached.steps, reached.skipped_steps, reached.seconds});
  if (dynamic_cast<const RunFolderGone*>(&failure) != nullptr) return;  // its own message says everything
  try {
    home_->directory.write("summary.json", failure_json(error_text(failure), reached, experiment_));
  } catch (const std::system_error& error) {  // the disk may be the cause: do not hide the failure's own message
    tell(BINADE_LOG_WARNING, error_text(error));
  }
  tell(BINADE_LOG_INFO, fmt::format("what was recorded is in {}", home_->shown.string()));
  if (const auto last = last_checkpoint_text(*this); !last.empty()) tell(BINADE_LOG_INFO, last);
}

}  // namespace binade::host
