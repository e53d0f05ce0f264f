// The metrics of a run: listens to its events and is collected by the exporter.
#pragma once

#include <prometheus/collectable.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/events/events.h"
#include "host/telemetry/loggers/logger_counts.h"

namespace prometheus {
class Gauge;
}

namespace binade::host {

class CallTimes;
class DeviceCollector;
class MetricFamilies;
class PluginMetrics;
class ScrapeSources;
struct GradientSeries;
struct MetricSeries;

// The labels of a plugin.
struct PluginIdentity {
  std::string id, kind, version, abi, sha256;
  double load_seconds = 0;
};

// What is known about a run before it starts. run_id must match [A-Za-z0-9._-]{1,64}; all other members may be empty.
struct RunIdentity {
  std::string run_id;
  std::string run_name, host, model, dataset, optimizer, config_sha256, seed;
  std::string version, git_sha, libtorch, cuda, compiler;
  std::vector<PluginIdentity> plugins;
  double checkpoint_every_seconds = 0;  // from the experiment; 0 if checkpoints are not time-based
  double checkpoint_every_steps = 0;    // 0 if checkpoints are not step-based
};

// Held by a shared_ptr, because a scrape may still be in progress when the run's owner releases it.
class Metrics : public RunListener, public prometheus::Collectable {
 public:
  // Throws std::invalid_argument for an invalid run_id.
  explicit Metrics(const RunIdentity& identity);
  ~Metrics() override;

  // Training thread. A step takes well under a microsecond and does not allocate.
  void run_started(const RunStarted& run) noexcept override;
  void state_changed(RunState state) noexcept override;
  void step(const StepRecord& record) noexcept override;
  void gradients_sampled(const GradientSample& sample) noexcept override;
  void device_memory_sampled(const DeviceMemoryRecord& record) noexcept override;
  void epoch_ended(const EpochRecord& record) noexcept override;
  void evaluated(const EvaluationRecord& record) noexcept override;
  void checkpoint_ended(const CheckpointRecord& record) noexcept override;
  void run_ended(const RunEnded& end) noexcept override;

  // Counts a line of metrics.jsonl that was lost. Any thread.
  void line_lost() noexcept;

  // Counts a failed call of a plugin. `stage` is "load" (which disables the plugin), "call" or "shutdown". Any thread.
  void plugin_failed(const std::string& id, const std::string& kind, const std::string& stage);

  // Exports a logger's counts, which are read at every scrape on the scrape's thread. `label` is the logger's name,
  // unique within the run; `plugin` is the plugin's id. Any thread.
  void watch_logger(const std::string& label, const std::string& plugin, std::function<LoggerCounts()> counts);

  // Exports a plugin's own metrics, as binade_plugin_<id>_<name>, and the durations of its calls. Both are read at
  // every scrape. Any thread.
  void watch_plugin(const std::string& id, const std::string& kind, std::shared_ptr<const PluginMetrics> metrics,
                    std::shared_ptr<const CallTimes> call_times);

  // Exports the free space of the disk that contains `folder`. Any thread.
  void watch_free_space(const std::filesystem::path& folder);

  // Exports the machine's GPUs. Any thread.
  void watch_devices(std::shared_ptr<const DeviceCollector> devices);

  // Any thread. Returns an empty list if out of memory.
  std::vector<prometheus::MetricFamily> Collect() const noexcept override;

 private:
  void learn_identity(const RunIdentity& identity);
  void update_loss(const StepRecord& record) noexcept;
  void update_amp(const StepRecord& record) noexcept;
  void update_nonfinite(const StepRecord& record) noexcept;

  std::unique_ptr<MetricFamilies> families_;
  std::unique_ptr<MetricSeries> series_;
  std::unique_ptr<ScrapeSources> sources_;
  bool dynamic_scaling_ = false;
  bool classification_ = false;
  double loss_average_ = 0;  // not yet bias-corrected
  double loss_weight_ = 0;   // sum of the average's weights
  std::vector<std::string> scalar_names_;
  std::vector<prometheus::Gauge*> train_scalars_;
  std::vector<std::pair<double, prometheus::Gauge*>> learning_rates_;  // with their ratios
  std::vector<GradientSeries> gradient_groups_;
  std::string device_;         // "cuda:1"
  std::string device_number_;  // the driver's number; empty before the first sample
};

}  // namespace binade::host
