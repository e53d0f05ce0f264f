#include "host/telemetry/scrape_sources.h"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "host/base/clock.h"
#include "host/events/events.h"
#include "host/loading/plugin_metrics.h"
#include "host/telemetry/machine.h"
#include "host/telemetry/plugin_families.h"
#include "host/telemetry/process_usage.h"

namespace binade::host {
namespace {

// NVML's bits: software power cap; software and hardware thermal slowdown; hardware slowdown and power brake.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> throttle_reasons{
    {{"power", 0x4}, {"heat", 0x20 | 0x40}, {"hardware", 0x8 | 0x80}}};

}  // namespace

// A logger, its counts, and the series that they update.
struct ScrapeSources::WatchedLogger {
  WatchedLogger(MetricFamilies& families, const std::string& label, const std::string& plugin,
                std::function<LoggerCounts()> counts_of)
      : counts(std::move(counts_of)),
        written(families.counter("binade_logger_events_total", {{"logger", label}, {"result", "written"}})),
        dropped(families.counter("binade_logger_events_total", {{"logger", label}, {"result", "dropped"}})),
        failed(families.counter("binade_logger_events_total", {{"logger", label}, {"result", "failed"}})),
        length(families.gauge("binade_logger_queue_length", {{"logger", label}})),
        capacity(families.gauge("binade_logger_queue_capacity", {{"logger", label}})),
        enabled(families.gauge("binade_plugin_enabled", {{"plugin", plugin}, {"kind", "logger"}})),
        call_errors(families.counter("binade_plugin_errors_total",
                                     {{"plugin", plugin}, {"kind", "logger"}, {"stage", "call"}})),
        shutdown_errors(families.counter("binade_plugin_errors_total",
                                         {{"plugin", plugin}, {"kind", "logger"}, {"stage", "shutdown"}})) {}

  std::function<LoggerCounts()> counts;
  LoggerCounts last;
  prometheus::Counter &written, &dropped, &failed;
  prometheus::Gauge &length, &capacity, &enabled;
  prometheus::Counter &call_errors, &shutdown_errors;
};

// A plugin, and the totals that have already been exported.
struct ScrapeSources::WatchedPlugin {
  std::string id, kind;
  std::shared_ptr<const PluginMetrics> metrics;
  std::shared_ptr<const CallTimes> call_times;
  std::uint64_t rejected = 0;
  std::array<CallTimes::Reading, CallTimes::max_calls> last{};
  CallTimes::Failures last_failures{};
};

ScrapeSources::ScrapeSources(MetricFamilies& families, std::string run_id)
    : families_(families), run_id_(std::move(run_id)) {}

ScrapeSources::~ScrapeSources() = default;

void ScrapeSources::watch_logger(const std::string& label, const std::string& plugin,
                                 std::function<LoggerCounts()> counts) {
  const std::lock_guard lock(collecting_);
  loggers_.push_back(std::make_unique<WatchedLogger>(families_, label, plugin, std::move(counts)));
  collect_logger(*loggers_.back());
}

void ScrapeSources::watch_plugin(const std::string& id, const std::string& kind,
                                 std::shared_ptr<const PluginMetrics> metrics,
                                 std::shared_ptr<const CallTimes> call_times) {
  const std::lock_guard lock(collecting_);
  plugins_.push_back(
      std::make_unique<WatchedPlugin>(WatchedPlugin{id, kind, std::move(metrics), std::move(call_times), 0, {}, {}}));
}

void ScrapeSources::watch_free_space(const std::filesystem::path& folder) {
  const std::lock_guard lock(collecting_);
  folder_ = folder;
}

void ScrapeSources::watch_devices(std::shared_ptr<const DeviceCollector> devices) {
  const std::lock_guard lock(collecting_);
  devices_ = std::move(devices);
}

std::vector<DeviceUsage> ScrapeSources::devices() {
  const std::lock_guard lock(collecting_);
  return devices_ ? devices_->read().devices : std::vector<DeviceUsage>();
}

std::vector<prometheus::MetricFamily> ScrapeSources::collect() {
  const std::lock_guard lock(collecting_);
  collect_process();
  if (!folder_.empty()) collect_free_space();
  if (devices_) collect_devices();
  for (const auto& logger : loggers_) collect_logger(*logger);
  PluginFamilies own(run_id_);
  for (const auto& plugin : plugins_) {
    const auto refused = own.add(plugin->id, plugin->kind, *plugin->metrics);
    auto& rejected =
        families_.counter("binade_plugin_metrics_rejected_total", {{"plugin", plugin->id}, {"kind", plugin->kind}});
    const auto now = plugin->metrics->rejected() + refused;
    rejected.Increment(static_cast<double>(now - std::exchange(plugin->rejected, now)));
    collect_calls(*plugin);
    collect_failures(*plugin);
  }
  auto all = families_.collect();
  own.append_to(all);
  return all;
}

void ScrapeSources::collect_process() {
  const auto start = std::chrono::steady_clock::now();
  const auto usage = process_usage();
  if (usage) {
    raise_to(families_.counter("process_cpu_seconds_total"), usage->cpu_seconds);
    families_.gauge("process_resident_memory_bytes").Set(usage->resident_bytes);
    families_.gauge("process_start_time_seconds").Set(usage->start_time);
    families_.gauge("process_open_fds").Set(usage->open_fds);
    families_.gauge("process_max_fds").Set(usage->max_fds);
  }
  families_.gauge("binade_collector_success", {{"collector", "process"}}).Set(usage ? 1 : 0);
  families_.gauge("binade_collector_duration_seconds", {{"collector", "process"}}).Set(seconds_since(start));
}

void ScrapeSources::collect_free_space() {
  families_.gauge("binade_run_folder_free_bytes").Set(free_bytes(folder_).value_or(nan));
}

void ScrapeSources::collect_devices() {
  const auto reading = devices_->read();
  for (const auto& device : reading.devices) {
    const MetricFamilies::Labels of{{"device", device.device}};
    const auto set = [&](std::string_view name, std::optional<double> value) {
      if (value) families_.gauge(name, of).Set(*value);
    };
    const MetricFamilies::Labels identity{
        {"device", device.device}, {"name", device.name}, {"uuid", device.uuid}, {"driver", device.driver}};
    families_.gauge("binade_device_info", identity).Set(1);
    set("binade_device_memory_used_bytes", device.used_bytes);
    set("binade_device_memory_total_bytes", device.total_bytes);
    set("binade_device_utilization_ratio", device.utilization);
    set("binade_device_temperature_celsius", device.celsius);
    if (device.joules) raise_to(families_.counter("binade_device_energy_joules_total", of), *device.joules);
    if (!device.throttling) continue;
    for (const auto& [reason, bits] : throttle_reasons) {
      families_.gauge("binade_device_throttled", {{"device", device.device}, {"reason", std::string(reason)}})
          .Set((*device.throttling & bits) != 0 ? 1 : 0);
    }
  }
  families_.gauge("binade_collector_success", {{"collector", "nvml"}}).Set(reading.success ? 1 : 0);
  families_.gauge("binade_collector_duration_seconds", {{"collector", "nvml"}}).Set(reading.seconds);
}

void ScrapeSources::collect_failures(WatchedPlugin& plugin) {
  if (plugin.kind == "logger") return;  // counted by its LoggerThread
  const auto now = plugin.call_times->failures();
  const auto before = std::exchange(plugin.last_failures, now);
  const auto count = [&](const char* stage, std::uint64_t failures) {
    families_.counter("binade_plugin_errors_total", {{"plugin", plugin.id}, {"kind", plugin.kind}, {"stage", stage}})
        .Increment(static_cast<double>(failures));
  };
  count("load", now.load - before.load);
  count("call", now.call - before.call);
}

void ScrapeSources::collect_calls(WatchedPlugin& plugin) {
  const auto readings = plugin.call_times->read();
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto& [call, count, seconds] = readings[i];
    const MetricFamilies::Labels labels{{"plugin", plugin.id}, {"kind", plugin.kind}, {"call", call}};
    // Differences, because two loggers of one plugin share its series.
    families_.counter("binade_plugin_calls_total", labels).Increment(static_cast<double>(count - plugin.last[i].count));
    families_.counter("binade_plugin_call_seconds_total", labels).Increment(seconds - plugin.last[i].seconds);
    plugin.last[i] = readings[i];
  }
}

void ScrapeSources::collect_logger(WatchedLogger& logger) {
  const LoggerCounts counts = logger.counts();
  // Differences, because two loggers of one plugin share that plugin's errors.
  const auto grow = [](prometheus::Counter& counter, std::uint64_t now, std::uint64_t before) {
    counter.Increment(static_cast<double>(now - before));
  };
  const auto errors = [](const LoggerCounts& of) { return of.failed + of.failed_flushes; };
  grow(logger.written, counts.written, logger.last.written);
  grow(logger.dropped, counts.dropped, logger.last.dropped);
  grow(logger.failed, counts.failed, logger.last.failed);
  grow(logger.call_errors, errors(counts), errors(logger.last));
  grow(logger.shutdown_errors, counts.abandoned ? 1 : 0, logger.last.abandoned ? 1 : 0);
  logger.length.Set(static_cast<double>(counts.queue_length));
  logger.capacity.Set(static_cast<double>(counts.queue_capacity));
  logger.enabled.Set(counts.enabled ? 1 : 0);
  logger.last = counts;
}

}  // namespace binade::host
