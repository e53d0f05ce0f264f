// Updates the series from events.
#include "host/telemetry/run_metrics.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "host/base/clock.h"
#include "host/telemetry/device_usage.h"
#include "host/telemetry/metric_series.h"
#include "host/telemetry/scrape_sources.h"

namespace binade::host {
namespace {

constexpr double loss_decay = 0.98;

bool is_run_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

Metrics::Metrics(const RunIdentity& identity) {
  if (!is_run_id(identity.run_id)) {
    throw std::invalid_argument("run id `" + identity.run_id + "`: use 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  families_ = std::make_unique<MetricFamilies>(identity.run_id);
  series_ = std::make_unique<MetricSeries>(*families_);
  sources_ = std::make_unique<ScrapeSources>(*families_, identity.run_id);
  learn_identity(identity);
  state_changed(RunState::starting);
}

Metrics::~Metrics() = default;

void Metrics::learn_identity(const RunIdentity& run) {
  families_
      ->gauge("binade_build_info", {{"version", run.version},
                                    {"git_sha", run.git_sha},
                                    {"libtorch", run.libtorch},
                                    {"cuda", run.cuda},
                                    {"compiler", run.compiler}})
      .Set(1);
  families_
      ->gauge("binade_run_info", {{"run_name", run.run_name},
                                  {"host", run.host},
                                  {"model", run.model},
                                  {"dataset", run.dataset},
                                  {"optimizer", run.optimizer},
                                  {"config_sha256", run.config_sha256},
                                  {"seed", run.seed}})
      .Set(1);
  families_->gauge("binade_checkpoint_every_seconds").Set(run.checkpoint_every_seconds);
  families_->gauge("binade_checkpoint_every_steps").Set(run.checkpoint_every_steps);
  for (const auto& plugin : run.plugins) {
    families_
        ->gauge("binade_plugin_info", {{"plugin", plugin.id},
                                       {"kind", plugin.kind},
                                       {"version", plugin.version},
                                       {"abi", plugin.abi},
                                       {"sha256", plugin.sha256}})
        .Set(1);
    families_->gauge("binade_plugin_enabled", {{"plugin", plugin.id}, {"kind", plugin.kind}}).Set(1);
    const MetricFamilies::Labels labels{{"plugin", plugin.id}, {"kind", plugin.kind}};
    families_->gauge("binade_plugin_load_duration_seconds", labels).Set(plugin.load_seconds);
    families_->counter("binade_plugin_metrics_rejected_total", labels);
    for (const char* stage : {"load", "call", "shutdown"}) {
      families_->counter("binade_plugin_errors_total",
                         {{"plugin", plugin.id}, {"kind", plugin.kind}, {"stage", stage}});
    }
  }
}

void Metrics::run_started(const RunStarted& run) noexcept {
  families_->gauge("binade_run_start_timestamp_seconds").Set(unix_time());
  families_->gauge("binade_checkpoint_last_success_timestamp_seconds").Set(unix_time());
  families_->gauge("binade_target_steps").Set(static_cast<double>(run.target_steps));
  series_->step.Set(static_cast<double>(run.steps_done));
  families_->gauge("binade_checkpoint_last_step").Set(static_cast<double>(run.steps_done));
  const std::string device_type = run.device.substr(0, run.device.find(':'));
  families_->gauge("binade_autocast_enabled", {{"device_type", device_type}}).Set(run.autocast ? 1 : 0);
  const char* scaler = run.dynamic_scaling ? "dynamic" : run.loss_scale != 1 ? "constant" : "none";
  // There is only one process, so gradients are not reduced across ranks and have the parameters' type.
  families_
      ->gauge("binade_precision_info", {{"compute_dtype", run.precision},
                                        {"param_dtype", run.parameter_dtype},
                                        {"reduce_dtype", run.parameter_dtype},
                                        {"scaler", scaler}})
      .Set(1);
  device_ = run.device;
  learning_rates_.clear();
  for (const auto ratio : run.lr_ratios) {
    const auto group = std::to_string(learning_rates_.size());
    learning_rates_.emplace_back(ratio, &families_->gauge("binade_learning_rate", {{"param_group", group}}));
  }

  dynamic_scaling_ = run.dynamic_scaling;
  classification_ = run.classification;
  families_->gauge("binade_amp_enabled").Set(run.dynamic_scaling ? 1 : 0);
  families_->gauge("binade_amp_growth_interval_steps").Set(static_cast<double>(run.growth_interval));
  families_->gauge("binade_amp_floor").Set(run.min_loss_scale);
  series_->loss_scale.Set(run.loss_scale);
  gradient_groups_.clear();
  for (const auto& group : run.gradient_groups) gradient_groups_.emplace_back(*families_, group);

  scalar_names_ = run.scalar_names;
  train_scalars_.clear();
  for (const auto& name : scalar_names_) {
    train_scalars_.push_back(&families_->gauge("binade_model_scalar", {{"name", name}, {"split", "train"}}));
  }
}

void Metrics::state_changed(RunState state) noexcept {
  for (auto* gauge : series_->states) gauge->Set(0);
  series_->states[static_cast<std::size_t>(state)]->Set(1);
  series_->state_since.Set(unix_time());
}

void Metrics::step(const StepRecord& record) noexcept {
  auto& series = *series_;
  series.step.Set(static_cast<double>(record.step));
  series.epoch.Set(static_cast<double>(record.epoch) + record.epoch_progress);
  series.last_step.Set(record.time);
  for (const auto& [ratio, gauge] : learning_rates_) gauge->Set(ratio * record.learning_rate);
  series.tokens.Increment(static_cast<double>(record.tokens));
  observe(series.step_duration, record.seconds);
  for (std::size_t i = 0; i < phase_count; ++i) observe(*series.phases[i], record.phase_seconds[i]);
  update_loss(record);
  update_amp(record);
  if (record.skipped) update_nonfinite(record);
  series.unscaled.update(record.gradient_norm, !record.skipped);
  series.clipped.update(record.clipped_norm, !record.skipped);
  const auto scalars = std::min<std::size_t>(record.scalar_count, train_scalars_.size());
  for (std::size_t i = 0; i < scalars; ++i) train_scalars_[i]->Set(record.scalars[i]);
}

void Metrics::update_loss(const StepRecord& record) noexcept {
  series_->train.update(record.loss, record.accuracy, record.samples, record.cross_entropy);
  if (!std::isfinite(record.loss)) return;
  loss_average_ = loss_decay * loss_average_ + (1 - loss_decay) * record.loss;
  loss_weight_ = loss_decay * loss_weight_ + (1 - loss_decay);
  series_->smoothed_loss.Set(loss_average_ / loss_weight_);
}

void Metrics::update_amp(const StepRecord& record) noexcept {
  (record.skipped ? series_->skipped : series_->applied).Increment();
  series_->loss_scale.Set(record.next_loss_scale);
  series_->growth_tracker.Set(static_cast<double>(record.growth_tracker));
  if (!dynamic_scaling_) return;
  if (record.at_min_scale) series_->at_min_scale.Increment(record.seconds);
  if (record.refused_scale) series_->refused_scales.Increment();
  const double before = record.loss_scale, after = record.next_loss_scale;
  (after < before ? series_->backoff : after > before ? series_->growth : series_->hold).Increment();
}

void Metrics::update_nonfinite(const StepRecord& record) noexcept {
  for (std::size_t i = 0; i < gradient_groups_.size(); ++i) {
    if (record.nonfinite.groups[i].inf) gradient_groups_[i].infinite.Increment();
    if (record.nonfinite.groups[i].nan) gradient_groups_[i].nan.Increment();
  }
}

void Metrics::gradients_sampled(const GradientSample& sample) noexcept {
  series_->audits.Increment();
  const auto groups = std::min(sample.groups.size(), gradient_groups_.size());
  for (std::size_t i = 0; i < groups; ++i) gradient_groups_[i].update(sample.groups[i], sample.smallest_exponent);
}

void Metrics::device_memory_sampled(const DeviceMemoryRecord& record) noexcept {
  if (device_number_.empty()) {
    device_number_ = driver_number(device_, std::getenv("CUDA_VISIBLE_DEVICES"), sources_->devices());
  }
  const MetricFamilies::Labels of{{"device", device_number_}};
  families_->gauge("binade_device_memory_allocated_bytes", of).Set(record.allocated_bytes);
  families_->gauge("binade_device_memory_reserved_bytes", of).Set(record.reserved_bytes);
  families_->gauge("binade_device_memory_peak_bytes", of).Set(record.peak_bytes);
  raise_to(families_->counter("binade_device_out_of_memory_total", of), static_cast<double>(record.out_of_memory));
  raise_to(families_->counter("binade_device_allocator_retries_total", of), static_cast<double>(record.retries));
}

void Metrics::epoch_ended(const EpochRecord& record) noexcept { series_->epoch_duration.Set(record.seconds); }

void Metrics::evaluated(const EvaluationRecord& record) noexcept {
  SplitSeries(*families_, record.split)
      .update(record.loss, record.accuracy, record.samples, classification_ ? record.loss : nan);
  const auto scalars = std::min<std::size_t>(record.scalar_count, scalar_names_.size());
  for (std::size_t i = 0; i < scalars; ++i) {
    families_->gauge("binade_model_scalar", {{"name", scalar_names_[i]}, {"split", record.split}})
        .Set(record.scalars[i]);
  }
}

void Metrics::checkpoint_ended(const CheckpointRecord& record) noexcept {
  const auto duration = [&](const char* operation) -> prometheus::Histogram& {
    return families_->histogram("binade_checkpoint_duration_seconds", {{"operation", operation}});
  };
  observe(duration("stall"), record.stall_seconds);
  observe(duration("write"), record.write_seconds);
  families_->counter("binade_checkpoints_total", {{"result", record.saved ? "saved" : "failed"}}).Increment();
  if (!record.saved) {
    families_->gauge("binade_checkpoint_last_failure_timestamp_seconds").Set(record.time);
    return;
  }
  families_->gauge("binade_checkpoint_last_success_timestamp_seconds").Set(record.time);
  families_->gauge("binade_checkpoint_last_step").Set(static_cast<double>(record.step));
  families_->gauge("binade_checkpoint_size_bytes").Set(static_cast<double>(record.bytes));
  families_->gauge("binade_checkpoint_interval_seconds").Set(record.interval_seconds);
}

void Metrics::run_ended(const RunEnded& end) noexcept {
  families_->gauge("binade_run_end_timestamp_seconds").Set(unix_time());
  state_changed(end.state);
}

void Metrics::line_lost() noexcept { series_->lost_lines.Increment(); }

void Metrics::plugin_failed(const std::string& id, const std::string& kind, const std::string& stage) {
  families_->counter("binade_plugin_errors_total", {{"plugin", id}, {"kind", kind}, {"stage", stage}}).Increment();
  if (stage == "load") families_->gauge("binade_plugin_enabled", {{"plugin", id}, {"kind", kind}}).Set(0);
}

void Metrics::watch_logger(const std::string& label, const std::string& plugin, std::function<LoggerCounts()> counts) {
  sources_->watch_logger(label, plugin, std::move(counts));
}

void Metrics::watch_plugin(const std::string& id, const std::string& kind, std::shared_ptr<const PluginMetrics> metrics,
                           std::shared_ptr<const CallTimes> call_times) {
  sources_->watch_plugin(id, kind, std::move(metrics), std::move(call_times));
}

void Metrics::watch_free_space(const std::filesystem::path& folder) { sources_->watch_free_space(folder); }

void Metrics::watch_devices(std::shared_ptr<const DeviceCollector> devices) {
  sources_->watch_devices(std::move(devices));
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const noexcept {
  // An exception would end the process, because prometheus-cpp calls this from C code.
  try {
    return sources_->collect();
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace binade::host
