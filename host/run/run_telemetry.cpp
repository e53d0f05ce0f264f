#include "host/run/run_telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "binade/abi/plugin.h"
#include "host/base/clock.h"
#include "host/base/error_text.h"
#include "host/base/sha256.h"
#include "host/cli/signals.h"
#include "host/cli/version.h"
#include "host/experiment/schema/text_forms.h"
#include "host/loading/plugin_file.h"
#include "host/run/prometheus_target.h"
#include "host/run/run.h"
#include "host/telemetry/device_usage.h"
#include "host/telemetry/machine.h"
#include "host/telemetry/push.h"

namespace binade::host {
namespace {

RunIdentity identity_of(const Run& run) {
  const auto& experiment = run.experiment();
  const auto& directory = run.directory();
  const auto engine = run.engine().info();
  RunIdentity identity;
  identity.run_id = directory.run_id();
  identity.run_name = experiment.experiment.string("name");
  identity.host = machine_name();
  identity.model = experiment.model.plugin;
  identity.dataset = experiment.dataset.plugin;
  identity.optimizer = experiment.optimizer.string("name");
  identity.seed = std::to_string(experiment.experiment.integer("seed"));
  identity.config_sha256 = sha256_of_file(directory.path() / "experiment.toml");
  identity.version = version();
  identity.git_sha = git_sha();
  identity.libtorch = engine.torch_version;
  identity.cuda = engine.cuda_version;
  identity.compiler = __VERSION__;
  if (experiment.checkpoint.boolean("enabled")) {
    identity.checkpoint_every_seconds = 60 * experiment.checkpoint.number("every_minutes");
    identity.checkpoint_every_steps = static_cast<double>(experiment.checkpoint.integer("every_steps"));
  }
  for (const auto& plugin : run.plugins().all()) {
    identity.plugins.push_back({plugin.id(), std::string(to_string(plugin.kind())), plugin.version(),
                                fmt::format("{}.{}", BINADE_ABI_MAJOR, plugin.abi_minor()), plugin.sha256(),
                                plugin.load_seconds()});
  }
  return identity;
}

std::filesystem::path metrics_path(const RunHome& home) { return home.directory.path() / "metrics.jsonl"; }

MetricsFile open_metrics(const RunHome& home) {
  return home.resumes != nullptr ? MetricsFile(metrics_path(home), home.resumes->metrics)
                                 : MetricsFile(metrics_path(home));
}

}  // namespace

RunTelemetry::RunTelemetry(const Run& run, Parting& parting)
    : experiment_(run.experiment()),
      home_(run.home()),
      parting_(parting),
      color_(run.color()),
      metrics_file_(open_metrics(home_)),
      history_(std::make_shared<RunHistory>(metrics_path(home_), home_.directory.run_id())) {
  if (!metrics_file_.warning().empty()) warn(metrics_file_.warning());
  first_.color = color_;
  if (home_.resumes != nullptr) {
    history_->learn_earlier();
    first_.seconds_before = home_.resumes->metrics.seconds;
  }
  if (experiment_.metrics.boolean("enabled")) start_metrics(run);
  const auto log = [color = color_](int level, const std::string& text) { log_line(color, level, text); };
  telemetry_ =
      std::make_unique<Telemetry>(metrics_, std::vector<RunListener*>{&first_, &metrics_file_, history_.get()}, log);
  add_loggers(run.plugins());
  metrics_file_.on_trouble({log, [metrics = metrics_] {
                              if (metrics) metrics->line_lost();
                            }});
}

void RunTelemetry::start_metrics(const Run& run) {
  metrics_ = std::make_shared<Metrics>(identity_of(run));
  for (const auto& plugin : run.plugins().all()) {
    metrics_->watch_plugin(plugin.id(), std::string(to_string(plugin.kind())), plugin.metrics(), plugin.call_times());
  }
  metrics_->watch_free_space(home_.directory.path());
  metrics_->watch_devices(DeviceCollector::start());
  start_exporter();
}

void RunTelemetry::start_exporter() {
  const auto& metrics = experiment_.metrics;
  ExporterOptions options{endpoint_options(metrics), {}};
  if (metrics.boolean("page")) {
    options.history = [history = history_](std::size_t points) { return history->json(points); };
  }
  try {
    exporter_ = std::make_unique<Exporter>(std::move(options), metrics_);
    add_target();
  } catch (const std::runtime_error& error) {
    if (metrics.boolean("required")) {
      throw std::runtime_error(
          fmt::format("[metrics] is required, but its endpoint cannot be opened: {}", error_text(error)));
    }
    warn(fmt::format("{}: {}", exporter_ ? "Prometheus will not find this run" : "NO METRICS ENDPOINT in this run",
                     error_text(error)));
  }
}

void RunTelemetry::add_target() {
  if (home_.is_dry || !experiment_.metrics.has("targets")) return;
  const std::filesystem::path folder = experiment_.metrics.string("targets");
  const auto& server = exporter_->server();
  parting_.remove_target(target_file(folder, home_.directory.run_id()));
  write_target(folder, {home_.directory.run_id(), experiment_.experiment.string("name"), machine_name(), server.host(),
                        server.port()});
}

void RunTelemetry::add_loggers(const OpenedPlugins& plugins) {
  const RunDescription run{home_.directory.run_id(),
                           experiment_.experiment.string("name"),
                           home_.directory.path().string(),
                           metrics_address(),
                           is_terminal(stdout),
                           wants_color(color_, stdout)};
  for (std::size_t i = 0; i < plugins.loggers.size(); ++i) {
    const auto& plugin = plugins.loggers[i];
    try {
      telemetry_->add_logger(plugin.id(), std::make_unique<Logger>(plugin, experiment_.loggers[i].options), run);
    } catch (const PluginError& error) {
      if (error.status() == BINADE_INVALID_ARGUMENT) throw;
      log_line(color_, BINADE_LOG_ERROR, fmt::format("{}; the run continues without that logger", error.what()));
      if (metrics_) metrics_->plugin_failed(plugin.id(), "logger", "load");
    }
  }
}

void RunTelemetry::save_of_hung_run(bool halted) {
  if (halted) metrics_file_.checkpoint_begins();
  if (!metrics_) return;
  metrics_->state_changed(RunState::failed);
  home_.directory.write("metrics.prom", metrics_text(*metrics_));
}

void RunTelemetry::end(const RunEnded& ended) {
  telemetry_->state_changed(ended.state);
  telemetry_->run_ended(ended);
  telemetry_->close();
  if (metrics_file_.lost_lines() > 0) {
    warn(fmt::format("metrics.jsonl is incomplete, {} lines were lost: {}", metrics_file_.lost_lines(),
                     metrics_file_.reason()));
  }
  try {
    leave_last_values();
  } catch (const std::exception& error) {
    warn(fmt::format("the run's last metrics were not kept: {}", error_text(error)));
  }
}

// A run folder that is gone is reported elsewhere.
void RunTelemetry::leave_file() {
  try {
    if (std::filesystem::exists(home_.directory.path())) home_.directory.write("metrics.prom", metrics_text(*metrics_));
  } catch (const std::exception& error) {
    warn(fmt::format("the run's last metrics were not kept: {}", error.what()));
  }
}

void RunTelemetry::leave_last_values() {
  if (!metrics_) return;
  const auto& metrics = experiment_.metrics;
  leave_file();
  if (!home_.is_dry && metrics.has("push")) {
    constexpr std::chrono::seconds limit(5);
    const auto failure =
        push(parse_push(metrics.string("push")), home_.directory.run_id(), outcome_text(*metrics_), limit);
    if (!failure.empty()) warn(fmt::format("metrics.push: {}: {}", metrics.string("push"), failure));
  }
  wait_for_scrape();
  part();  // without the target file Prometheus stops scraping
}

void RunTelemetry::wait_for_scrape() {
  if (!exporter_) return;
  // Schedulers send SIGKILL 30 s after the signal, and writing the checkpoint took some of that.
  constexpr double after_a_signal = 20;
  const double wanted = parse_duration(experiment_.metrics.string("wait_for_scrape")).value();
  const std::chrono::duration<double> limit(stop_signal().load() == 0 ? wanted : std::min(wanted, after_a_signal));
  const auto asked = [this, before = stop_signals().load(), start = std::chrono::steady_clock::now(),
                      told = false]() mutable {
    if (!told && std::chrono::steady_clock::now() - start > std::chrono::seconds(1)) {
      log_line(color_, BINADE_LOG_INFO, "waiting for Prometheus' last scrape; another signal (Ctrl-C) ends the wait");
      told = true;
    }
    return stop_signals().load() != before;
  };
  exporter_->wait_for_scrape(limit, asked);
}

ReachedByRun RunTelemetry::reached() const {
  ReachedByRun reached{first_.steps, first_.skipped_steps, first_.seconds_before, first_.loss};
  if (first_.started) reached.seconds += seconds_since(first_.start);
  return reached;
}

void RunTelemetry::First::run_started(const RunStarted& started) noexcept {
  steps.store(started.steps_done, std::memory_order_relaxed);
  start = std::chrono::steady_clock::now();
  this->started.store(true, std::memory_order_release);
  if (target != nullptr) target->run_started(started);
}

void RunTelemetry::First::step(const StepRecord& record) noexcept {
  steps.store(record.step, std::memory_order_relaxed);
  skipped_steps.store(record.skipped_steps, std::memory_order_relaxed);
  if (!record.skipped) loss.store(record.loss, std::memory_order_relaxed);
}

void RunTelemetry::First::message(int level, std::string_view text) noexcept { log_line(color, level, text); }

}  // namespace binade::host
