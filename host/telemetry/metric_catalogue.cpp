// The table, and the functions that read it.
#include "host/telemetry/metric_catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/events/events.h"

namespace binade::host {
namespace {

constexpr std::array step_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0};
// Phases of small models last microseconds.
constexpr std::array phase_buckets{0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                   0.025,   0.05,   0.1,    0.25,  0.5,    1.0,   10.0};
constexpr std::array norm_buckets{0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0};
constexpr std::array checkpoint_buckets{0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0};
constexpr auto gauge = MetricType::gauge;
constexpr auto counter = MetricType::counter;
constexpr auto histogram = MetricType::histogram;

constexpr std::array catalogue{
    MetricSpec{"binade_build_info", gauge, "version git_sha libtorch cuda compiler",
               "Version and build of Binade; always 1."},
    MetricSpec{"binade_run_info", gauge, "run_name host model dataset optimizer config_sha256 seed",
               "Identity of the run; always 1."},
    MetricSpec{"binade_run_start_timestamp_seconds", gauge, "", "Unix time at which the run started."},
    MetricSpec{"binade_run_end_timestamp_seconds", gauge, "", "Unix time at which the run ended; 0 until then."},
    MetricSpec{"binade_run_state", gauge, "state=starting,running,evaluating,finished,interrupted,failed,preempted",
               "1 for the state that the run is in, 0 for the others."},
    MetricSpec{"binade_run_state_timestamp_seconds", gauge, "", "Unix time at which the run entered this state."},
    MetricSpec{"binade_run_folder_free_bytes",
               gauge,
               "",
               "Free space on the disk of the run's folder that this user may use; NaN if unknown.",
               {},
               nan},

    MetricSpec{"binade_step", gauge, "", "Optimizer steps attempted, including skipped ones."},
    MetricSpec{"binade_target_steps", gauge, "", "Step at which the run ends; 0 if only a time limit ends it."},
    MetricSpec{"binade_epoch", gauge, "", "Passes over the training data, including the fraction of the current one."},
    MetricSpec{"binade_epoch_duration_seconds", gauge, "", "Training time of the last complete epoch.", {}, nan},
    MetricSpec{"binade_last_step_timestamp_seconds", gauge, "", "Unix time at which the last step ended."},
    MetricSpec{"binade_samples_total", counter, "split=train,validation", "Samples seen."},
    MetricSpec{"binade_tokens_total", counter, "split=train", "Tokens seen; 0 if samples are not sequences."},
    MetricSpec{"binade_step_duration_seconds", histogram, "", "Wall time of one optimizer step.", step_buckets},
    MetricSpec{"binade_phase_duration_seconds", histogram,
               "phase=data,forward,backward,unscale,optimizer,scaler,logging", "Wall time of one phase of one step.",
               phase_buckets},

    MetricSpec{"binade_loss",
               gauge,
               "split=train,validation",
               "Last loss, which may be NaN or infinite; NaN before the first.",
               {},
               nan},
    MetricSpec{"binade_loss_smoothed",
               gauge,
               "split=train",
               "Exponential moving average of the finite losses of all steps (decay 0.98, bias-corrected).",
               {},
               nan},
    MetricSpec{"binade_loss_nonfinite_total", counter, "split=train,validation", "Losses that were NaN or infinite."},
    MetricSpec{"binade_accuracy_ratio",
               gauge,
               "split=train,validation",
               "Last accuracy, 0 to 1; NaN if the task has none.",
               {},
               nan},
    MetricSpec{"binade_perplexity",
               gauge,
               "split=train,validation",
               "exp of the last loss; NaN if the loss is not a cross-entropy.",
               {},
               nan},
    MetricSpec{"binade_model_scalar",
               gauge,
               "name split",
               "Last value of a scalar reported by the model's own loss; with label smoothing also unsmoothed_loss.",
               {},
               nan},
    MetricSpec{"binade_learning_rate", gauge, "param_group=0",
               "Learning rate of the last step: 0 is [optimizer]'s, 1 is that of the first [[optimizer.group]]."},
    MetricSpec{"binade_gradient_norm_last",
               gauge,
               "stage=unscaled,clipped",
               "Global gradient norm of the last step; may be NaN or infinite if the step was skipped.",
               {},
               nan},
    MetricSpec{"binade_gradient_norm", histogram, "stage=unscaled,clipped",
               "Global gradient norm of the applied steps.", norm_buckets},
    MetricSpec{"binade_optimizer_steps_total", counter, "result=applied,skipped",
               "Optimizer steps. Most skipped steps have non-finite gradients."},
    MetricSpec{"binade_nonfinite_gradient_steps_total", counter, "group kind=inf,nan",
               "Steps in which a gradient of this part of the model was NaN or infinite."},

    MetricSpec{"binade_amp_enabled", gauge, "", "1 while the loss is scaled dynamically."},
    MetricSpec{"binade_amp_loss_scale", gauge, "", "Loss scale of the next step; 1 without scaling."},
    MetricSpec{"binade_amp_growth_tracker_steps", gauge, "", "Consecutive steps without a non-finite gradient."},
    MetricSpec{"binade_amp_growth_interval_steps", gauge, "",
               "Consecutive steps without a non-finite gradient after which the scale grows."},
    MetricSpec{"binade_amp_updates_total", counter, "action=growth,backoff,hold",
               "Updates of the dynamic loss scale, one per step."},
    MetricSpec{"binade_amp_floor", gauge, "", "Lower bound of the loss scale; 0 without scaling."},
    MetricSpec{"binade_amp_at_floor_seconds_total", counter, "",
               "Total duration of steps whose loss scale was the lower bound."},
    MetricSpec{"binade_amp_refused_scales_total", counter, "",
               "Invalid loss scales returned by the precision policy (negative, zero, subnormal, inf or NaN)."},
    MetricSpec{"binade_precision_audits_total", counter, "", "Steps whose gradients were sampled."},
    MetricSpec{"binade_gradient_underflow_ratio",
               gauge,
               "group",
               "Fraction of the scaled gradients' nonzero elements that are below the compute precision's normal "
               "numbers, at the last sample.",
               {},
               nan},
    MetricSpec{"binade_gradient_overflow_ratio",
               gauge,
               "group",
               "Fraction of the scaled gradients' elements that are inf or NaN, at the last sample.",
               {},
               nan},
    MetricSpec{"binade_gradient_magnitude", histogram, "group",
               "Magnitudes of the scaled gradients' finite nonzero elements, over all samples; the sum uses the "
               "midpoint of each element's binade.",
               magnitude_buckets},
    MetricSpec{"binade_autocast_enabled", gauge, "device_type=cpu,cuda", "1 while autocast is enabled."},
    MetricSpec{"binade_precision_info", gauge, "compute_dtype param_dtype reduce_dtype scaler",
               "Effective precision, which may differ from the configured one; always 1."},

    MetricSpec{"binade_checkpoint_last_success_timestamp_seconds", gauge, "",
               "Unix time at which the last checkpoint became durable; before the first, the run's start."},
    MetricSpec{"binade_checkpoint_last_failure_timestamp_seconds", gauge, "",
               "Unix time of the last checkpoint that could not be written; 0 if none failed."},
    MetricSpec{"binade_checkpoint_last_step", gauge, "", "Step of the last durable checkpoint; 0 before the first."},
    MetricSpec{"binade_checkpoint_size_bytes", gauge, "", "Size of the last durable checkpoint."},
    MetricSpec{"binade_checkpoint_interval_seconds", gauge, "",
               "Time between the last two durable checkpoints; 0 before the second."},
    MetricSpec{"binade_checkpoint_every_seconds", gauge, "",
               "Configured time between checkpoints; 0 if only steps count."},
    MetricSpec{"binade_checkpoint_every_steps", gauge, "",
               "Configured steps between checkpoints; 0 if only time counts."},
    MetricSpec{"binade_checkpoint_duration_seconds", histogram, "operation=stall,write",
               "Time for which a checkpoint blocked the training thread (stall), and time to write it in the "
               "background (write).",
               checkpoint_buckets},
    MetricSpec{"binade_checkpoints_total", counter, "result=saved,failed", "Checkpoints, by outcome."},

    MetricSpec{"binade_plugin_info", gauge, "plugin kind version abi sha256", "A plugin of this run; always 1."},
    MetricSpec{"binade_plugin_enabled", gauge, "plugin kind",
               "0 while a logger is paused after failures, or if it could not be loaded."},
    MetricSpec{"binade_plugin_errors_total", counter, "plugin kind stage=load,call,shutdown",
               "Failed plugin calls, loggers that could not be created, and loggers that did not shut down in time."},
    MetricSpec{"binade_plugin_load_duration_seconds", gauge, "plugin kind",
               "Time to hash and open the plugin's library."},
    MetricSpec{"binade_plugin_calls_total", counter, "plugin kind call", "Calls from the host to a plugin."},
    MetricSpec{"binade_plugin_call_seconds_total", counter, "plugin kind call",
               "Wall time of these calls, summed over threads."},
    MetricSpec{"binade_plugin_metrics_rejected_total", counter, "plugin kind",
               "Uses of metrics that do not match a declaration in the plugin's manifest."},
    MetricSpec{"binade_logger_events_total", counter, "logger result=written,dropped,failed",
               "Events by outcome; events that are still queued are not counted."},
    MetricSpec{"binade_logger_queue_length", gauge, "logger", "Events in the logger's queue."},
    MetricSpec{"binade_logger_queue_capacity", gauge, "logger", "Capacity of the logger's queue."},

    MetricSpec{"binade_metrics_file_lost_lines_total", counter, "",
               "Lines of the run's metrics.jsonl that were lost because it could not be written for too long."},

    MetricSpec{"binade_device_info", gauge, "device name uuid driver",
               "A GPU of this machine; always 1. Join with DCGM's metrics on uuid."},
    MetricSpec{"binade_device_memory_used_bytes", gauge, "device",
               "Memory used by all processes, as reported by the driver."},
    MetricSpec{"binade_device_memory_total_bytes", gauge, "device", "Total memory of the device."},
    MetricSpec{"binade_device_memory_allocated_bytes", gauge, "device", "Memory used by this run's tensors."},
    MetricSpec{"binade_device_memory_reserved_bytes", gauge, "device",
               "Memory reserved by LibTorch, including its cache."},
    MetricSpec{"binade_device_memory_peak_bytes", gauge, "device", "Peak memory used by this run's tensors."},
    MetricSpec{"binade_device_out_of_memory_total", counter, "device", "Failed allocations."},
    MetricSpec{
        "binade_device_allocator_retries_total", counter, "device",
        "Allocations that succeeded only after cached memory was freed, which means that memory is nearly full."},
    MetricSpec{"binade_device_utilization_ratio", gauge, "device",
               "Fraction of time in which the device was computing, 0 to 1."},
    MetricSpec{"binade_device_temperature_celsius", gauge, "device", "Temperature of the GPU."},
    MetricSpec{"binade_device_energy_joules_total", counter, "device",
               "Energy consumed; its rate is the power in watts."},
    MetricSpec{"binade_device_throttled", gauge, "device reason",
               "1 while the device's clocks are throttled for this reason."},

    MetricSpec{"binade_collector_success", gauge, "collector", "1 if the last collection succeeded."},
    MetricSpec{"binade_collector_duration_seconds", gauge, "collector", "Duration of the last collection."},
    MetricSpec{"process_cpu_seconds_total", counter, "", "User and system CPU time of this process."},
    MetricSpec{"process_resident_memory_bytes", gauge, "", "Resident memory of this process."},
    MetricSpec{"process_start_time_seconds", gauge, "", "Unix time at which this process started."},
    MetricSpec{"process_open_fds", gauge, "", "Open file descriptors of this process."},
    MetricSpec{"process_max_fds", gauge, "", "Maximum number of open file descriptors of this process."},
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::span<const MetricSpec> metric_catalogue() { return catalogue; }

std::vector<MetricLabel> metric_labels(const MetricSpec& spec) {
  std::vector<MetricLabel> labels;
  for (const auto& word : split(spec.labels, ' ')) {
    const auto equals = std::min(word.find('='), word.size());
    labels.push_back(
        {word.substr(0, equals), split(std::string_view(word).substr(std::min(equals + 1, word.size())), ',')});
  }
  return labels;
}

std::string metric_reference(std::span<const MetricSpec> specs) {
  constexpr std::array type_names{"gauge", "counter", "histogram"};
  std::string text = "| metric | type | labels beside run_id | meaning |\n|---|---|---|---|\n";
  for (const auto& spec : specs) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", spec.name, type_names[static_cast<std::size_t>(spec.type)],
                        spec.labels, spec.help);
  }
  return text;
}

}  // namespace binade::host
