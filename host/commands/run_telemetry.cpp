#include "host/commands/run_telemetry.h"

#include <fmt/format.h>

#include "binade/abi/plugin.h"
#include "host/commands/version.h"
#include "host/loading/plugin_file.h"
#include "host/storage/sha256.h"

namespace binade::host {
namespace {

RunIdentity identity_of(const Experiment& experiment, const OpenedPlugins& plugins, const RunDirectory& directory,
                        const binade_build_block& engine) {
  RunIdentity identity;
  identity.run_id = directory.run_id();
  identity.run_name = experiment.experiment.string("name");
  identity.model = experiment.model.plugin;
  identity.dataset = experiment.dataset.plugin;
  identity.optimizer = experiment.optimizer.string("name");
  identity.seed = std::to_string(experiment.experiment.integer("seed"));
  identity.config_sha256 = sha256_of_file(directory.path() / "experiment.toml");
  identity.version = version();
  identity.libtorch = text_of(engine.torch_version);
  identity.compiler = __VERSION__;
  for (const auto& plugin : plugins.all()) {
    identity.plugins.push_back({plugin.id(), std::string(to_string(plugin.kind())), plugin.version(),
                                fmt::format("{}.{}", BINADE_ABI_MAJOR, BINADE_ABI_MINOR), plugin.sha256()});
  }
  return identity;
}

}  // namespace

RunTelemetry::RunTelemetry(const Experiment& experiment, const OpenedPlugins& plugins, const RunDirectory& directory,
                           const binade_build_block& engine, ColorMode color,
                           const std::optional<MetricsFile::Continued>& continued)
    : color_(color),
      metrics_file_(continued ? MetricsFile(directory.path() / "metrics.jsonl", *continued)
                              : MetricsFile(directory.path() / "metrics.jsonl")),
      metrics_(std::make_shared<Metrics>(identity_of(experiment, plugins, directory, engine))) {
  first_.color = color;
  if (experiment.metrics.boolean("enabled")) start_exporter(experiment.metrics);
  telemetry_ =
      std::make_unique<Telemetry>(metrics_, std::vector<RunListener*>{&first_, &metrics_file_},
                                  [color](int level, const std::string& text) { log_line(color, level, text); });
  add_loggers(experiment, plugins, directory);
}

void RunTelemetry::start_exporter(const OptionTable& metrics) {
  try {
    exporter_ = std::make_unique<Exporter>(metrics.string("listen"), metrics_);
  } catch (const std::runtime_error& error) {
    if (metrics.boolean("required")) {
      throw std::runtime_error(fmt::format("[metrics] is required, and its endpoint cannot be had: {}", error.what()));
    }
    log_line(color_, BINADE_LOG_WARNING, fmt::format("NO METRICS ENDPOINT in this run: {}", error.what()));
  }
}

void RunTelemetry::add_loggers(const Experiment& experiment, const OpenedPlugins& plugins,
                               const RunDirectory& directory) {
  const RunDescription run{directory.run_id(),        experiment.experiment.string("name"),
                           directory.path().string(), metrics_address(),
                           is_terminal(stdout),       wants_color(color_, stdout)};
  for (std::size_t i = 0; i < plugins.loggers.size(); ++i) {
    const auto& plugin = plugins.loggers[i];
    telemetry_->add_logger(plugin.id(), std::make_unique<Logger>(plugin, experiment.loggers[i].options), run);
  }
}

void RunTelemetry::end(const RunEnded& ended) {
  telemetry_->state_changed(ended.state);
  telemetry_->run_ended(ended);
  telemetry_->close();
  if (metrics_file_.failed()) {
    log_line(color_, BINADE_LOG_WARNING,
             fmt::format("metrics.jsonl is incomplete, {} lines were lost: {}", metrics_file_.lost_lines(),
                         metrics_file_.reason()));
  }
}

void RunTelemetry::First::run_started(const RunStarted& started) noexcept {
  if (target != nullptr) target->run_started(started);
}

void RunTelemetry::First::step(const StepRecord& record) noexcept {
  steps = record.step;
  skipped_steps = record.skipped_steps;
}

void RunTelemetry::First::message(int level, std::string_view text) noexcept { log_line(color, level, text); }

}  // namespace binade::host
