// One run, from the opening of its dataset to its end.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/command_line.h"
#include "host/cli/parting.h"
#include "host/data/fingerprint/fingerprint.h"
#include "host/engine_api/engine.h"
#include "host/events/progress.h"
#include "host/experiment/experiment.h"
#include "host/run/reports/console_report.h"
#include "host/run/reports/crash_report.h"
#include "host/run/reports/stop_notice.h"
#include "host/run/run_home.h"
#include "host/run/run_options.h"
#include "host/run/run_parts.h"
#include "host/run/run_telemetry.h"
#include "host/telemetry/watchdog.h"

namespace binade::host {

// Owns the run's folder and lock, its dataset, telemetry, watchdog and crash report. Main thread, one at a time in a
// process. The members are called in this order: open_dataset(), start(), record_data(), request(), then finish() or
// fail().
class Run {
 public:
  // From now on a plugin that crashes, or hangs in a call, is named. All arguments outlive the run.
  Run(Experiment& experiment, const RunParts& parts, const RunOptions& options, const CommandLine& line);

  // Creates the dataset and settles every option that waits for it. false: the experiment's mistakes were printed.
  // Throws as wire_dataset() does.
  bool open_dataset();

  // Makes the folder of a new run, or takes that of a resumed one, writes down what the run is made of, and begins to
  // tell and to watch. Throws std::system_error, and as RunTelemetry does.
  void start();

  // Computes the fingerprint of the data and writes data.json.
  void record_data();

  // What the engine is asked for; refers to this run.
  TrainingRequest request();

  // Writes summary.json, ends the telemetry, prints the end of the report. Throws std::system_error when the summary
  // cannot be written anywhere.
  void finish(const TrainingResult& result);
  // The same for a run that ends by an exception: says which plugin failed and where the last checkpoint is. What
  // cannot be written is a warning.
  void fail(const std::exception& failure);

  const Experiment& experiment() const { return experiment_; }
  const OpenedPlugins& plugins() const { return parts_.plugins; }
  Engine& engine() const { return *parts_.engine; }
  const RunHome& home() const { return *home_; }
  const RunDirectory& directory() const { return home_->directory; }
  const std::filesystem::path& shown_directory() const { return home_->shown; }
  const std::string& program_name() const { return line_.program_name(); }
  ColorMode color() const { return line_.color(); }
  RunTelemetry& telemetry() { return *telemetry_; }
  std::string metrics_address() const { return telemetry_->metrics_address(); }
  Progress& progress() { return progress_; }

 private:
  RunHome make_home() const;
  void write_records() const;
  void start_telemetry();
  void watch_itself();
  void log_plugin_failure(const PluginError& failure, std::uint64_t step) const;
  void write_summary(const TrainingResult& result) const;
  void tell(int level, const std::string& text) const { log_line(line_.color(), level, text); }

  Experiment& experiment_;
  const RunParts& parts_;
  const RunOptions& options_;
  const CommandLine& line_;
  Progress progress_;
  std::optional<CrashReport> crash_report_;
  StopNotice stop_notice_;
  std::unique_ptr<Dataset> dataset_;
  std::vector<std::string> inputs_;  // the dataset's fields for the model's forward()
  Fingerprint data_;
  std::string resolved_, lock_;  // experiment.toml, experiment.lock
  Parting parting_;
  std::optional<RunHome> home_;
  std::optional<RunTelemetry> telemetry_;
  std::optional<StartReport> start_report_;
  std::unique_ptr<Watchdog> watchdog_;  // the last member: it stops before what it watches goes
};

}  // namespace binade::host
