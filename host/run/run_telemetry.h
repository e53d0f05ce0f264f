// The telemetry of one run, put together: metrics.jsonl, the Prometheus endpoint, the loggers.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "host/cli/parting.h"
#include "host/cli/terminal.h"
#include "host/engine_api/engine.h"
#include "host/run/opened_plugins.h"
#include "host/run/reports/summary_json.h"
#include "host/storage/metrics_file.h"
#include "host/storage/run_directory.h"
#include "host/telemetry/exporter/exporter.h"
#include "host/telemetry/run_history.h"
#include "host/telemetry/telemetry.h"

namespace binade::host {

class RunTelemetry {
 public:
  // Throws PluginError when a logger refuses its options; one that cannot be created for another reason is missing in
  // the run, which is said and counted. Throws std::runtime_error when the endpoint's password cannot be read, or when
  // the endpoint cannot be had and [metrics] says `required = true`; otherwise that is a warning.
  // `experiment`, `directory` and `parting`, which hears of the target file, must live as long as this. A dry run tells
  // neither Prometheus nor a Pushgateway of itself. `continued`: metrics.jsonl is there already, and is cut back to
  // this.
  RunTelemetry(const Experiment& experiment, const OpenedPlugins& plugins, const RunDirectory& directory,
               const EngineInfo& engine, const std::optional<MetricsFile::Continued>& continued, Parting& parting,
               bool dry_run, ColorMode color);

  // "http://127.0.0.1:43211/metrics", or empty when there is no endpoint.
  std::string metrics_address() const { return exporter_ ? exporter_->address() : ""; }

  // Hears everything before the loggers do.
  void before_loggers(RunListener& listener) { first_.target = &listener; }

  RunListener& listener() { return *telemetry_; }
  // That were told so far; any thread.
  const std::atomic<std::uint64_t>& steps() const { return first_.steps; }
  // For a run that does not come to its end; any thread.
  ReachedByRun reached() const;

  // For a run whose training thread hangs: it has failed. Writes the last metrics and, where the thread was halted,
  // what was heard until now. Any thread.
  void save_of_hung_run(bool halted);

  // Until Prometheus has taken what the metrics say now, as [metrics] says: after a signal at most 20 s, and until the
  // next signal. Any thread.
  void wait_for_scrape();

  // Tells all that the run ended, lets the loggers write what waits, and says what was lost. Then leaves the last
  // values behind: in metrics.prom, at the Pushgateway, and with Prometheus, for whose last scrape it waits as
  // [metrics] says.
  void end(const RunEnded& ended);

 private:
  // Messages to the host's log, counts for a run that fails, and the report that stands before the loggers' output.
  struct First : RunListener {
    RunListener* target = nullptr;
    ColorMode color = ColorMode::automatic;
    std::atomic<std::uint64_t> steps{0}, skipped_steps{0};
    std::atomic<double> loss{nan};  // of the last applied step
    double seconds_before = 0;      // of the processes that the run had before
    std::chrono::steady_clock::time_point start{};
    std::atomic<bool> started{false};  // then `start` is known
    void run_started(const RunStarted& started) noexcept override;
    void step(const StepRecord& record) noexcept override;
    void message(int level, std::string_view text) noexcept override;
  };

  void start_exporter();
  void add_target();
  void add_loggers(const OpenedPlugins& plugins);
  void leave_file();
  void leave_last_values();
  void warn(const std::string& text) const { log_line(color_, BINADE_LOG_WARNING, text); }

  const Experiment& experiment_;
  const RunDirectory& directory_;
  Parting& parting_;
  bool dry_run_;
  ColorMode color_;
  First first_;
  MetricsFile metrics_file_;
  std::shared_ptr<Metrics> metrics_;
  std::shared_ptr<RunHistory> history_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<Telemetry> telemetry_;
};

}  // namespace binade::host
