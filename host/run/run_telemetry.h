// The telemetry of one run: metrics.jsonl, the Prometheus endpoint and the loggers.
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
#include "host/run/run_home.h"
#include "host/storage/metrics_file.h"
#include "host/telemetry/exporter/exporter.h"
#include "host/telemetry/run_history.h"
#include "host/telemetry/telemetry.h"

namespace binade::host {

class Run;

class RunTelemetry {
 public:
  // Throws PluginError when a logger refuses its options; a logger that cannot be created for another reason is left
  // out, logged and counted. Throws std::runtime_error when the endpoint's password cannot be read, or when the
  // endpoint cannot be opened and [metrics] says `required = true`; otherwise that is a warning. `experiment`, `home`
  // and `parting` must outlive this; `parting` is told of the target file. A dry run does not announce itself to
  // Prometheus or a Pushgateway. A resumed run's metrics.jsonl is cut back to its checkpoint.
  RunTelemetry(const Run& run, Parting& parting);

  // "http://127.0.0.1:43211/metrics", or empty without an endpoint.
  std::string metrics_address() const { return exporter_ ? exporter_->address() : ""; }

  // `listener` hears everything before the loggers do.
  void before_loggers(RunListener& listener) { first_.target = &listener; }

  RunListener& listener() { return *telemetry_; }
  // Steps done so far. Any thread.
  const std::atomic<std::uint64_t>& steps() const { return first_.steps; }
  // How far a run came that does not reach its end. Any thread.
  ReachedByRun reached() const;

  // Marks a run whose training thread hangs as failed and writes its last metrics; if the thread was halted, also what
  // metrics.jsonl still buffers. Any thread.
  void save_of_hung_run(bool halted);

  // Waits until Prometheus has scraped the current values, for as long as [metrics] allows; after a stop signal for at
  // most 20 s and only until the next signal. Any thread.
  void wait_for_scrape();

  // Tells every listener that the run ended, lets the loggers drain their queues, and reports what was lost. Then
  // leaves the last values behind: in metrics.prom, at the Pushgateway, and with Prometheus, whose last scrape it waits
  // for.
  void end(const RunEnded& ended);

 private:
  // Logs messages, counts steps for a run that fails, and forwards to the report that is printed before the loggers
  // write.
  struct First : RunListener {
    RunListener* target = nullptr;
    ColorMode color = ColorMode::automatic;
    std::atomic<std::uint64_t> steps{0}, skipped_steps{0};
    std::atomic<double> loss{nan};  // of the last applied step
    double seconds_before = 0;      // spent by earlier processes of this run
    std::chrono::steady_clock::time_point start{};
    std::atomic<bool> started{false};  // `start` is valid once this is set
    void run_started(const RunStarted& started) noexcept override;
    void step(const StepRecord& record) noexcept override;
    void message(int level, std::string_view text) noexcept override;
  };

  void start_metrics(const Run& run);
  void start_exporter();
  void add_target();
  void add_loggers(const OpenedPlugins& plugins);
  void leave_file();
  void leave_last_values();
  void warn(const std::string& text) const { log_line(color_, BINADE_LOG_WARNING, text); }

  const Experiment& experiment_;
  const RunHome& home_;
  Parting& parting_;
  ColorMode color_;
  First first_;
  MetricsFile metrics_file_;
  std::shared_ptr<Metrics> metrics_;
  std::shared_ptr<RunHistory> history_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<Telemetry> telemetry_;
};

}  // namespace binade::host
