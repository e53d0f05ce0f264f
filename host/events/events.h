// The events of a run, as plain structs. The engine sends them to metrics.jsonl, the Prometheus exporter and the
// loggers.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "host/events/gradient_sample.h"

namespace binade::host {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t max_scalars = 16;

enum class Phase { data, forward, backward, unscale, optimizer, scaler, logging };
constexpr std::size_t phase_count = 7;
constexpr std::array<std::string_view, phase_count> phase_names{"data",      "forward", "backward", "unscale",
                                                                "optimizer", "scaler",  "logging"};

// Why a step was not applied.
//   overflow: a gradient is inf, which a lower loss scale can repair if the loss is scaled
//   nan:      a gradient is NaN and none is inf
//   norm:     every gradient is finite, but their norm is not
//   loss:     the loss itself is inf or NaN, because of the model or its data; gradients were not inspected
//   policy:   the precision policy decided to skip it
enum class SkipCause { none, overflow, nan, norm, loss, policy };
constexpr std::array<std::string_view, 6> skip_cause_names{"none", "overflow", "nan", "norm", "loss", "policy"};

// The number of steps that were skipped for one cause and parameter.
struct SkipCount {
  SkipCause cause = SkipCause::overflow;
  std::string parameter;  // the first non-finite gradient's; empty if none is responsible
  std::uint64_t steps = 0;
};

// Maximum number of groups of parameters for which gradients are reported; further ones are merged into the last.
constexpr std::size_t max_gradient_groups = 33;

// The non-finite gradients of a step.
struct NonfiniteGradients {
  // The one that backward produced first, as an index into RunStarted::parameter_names; -1 if there is none.
  std::int32_t first = -1;
  // For each group, in the order of RunStarted::gradient_groups: whether its gradients contain inf, and NaN.
  struct Kinds {
    bool inf = false, nan = false;
  };
  std::array<Kinds, max_gradient_groups> groups{};
};

struct RunStarted {
  std::string device;           // "cpu", "cuda:0"
  std::string precision;        // effective: "fp32", "bf16", "fp16"
  std::string parameter_dtype;  // of the trained parameters and their gradients: "fp32", "mixed"
  std::vector<double> lr_ratios{
      1};  // learning rates relative to `learning_rate`: of [optimizer], then of each [[optimizer.group]]
  std::uint64_t parameters = 0;      // trainable elements
  std::uint64_t steps_done = 0;      // of a resumed run: the checkpoint's step; 0 for a new run
  std::uint64_t evaluated_step = 0;  // of a resumed run: the last evaluation before the checkpoint; 0 without one
  std::uint64_t target_steps = 0;    // 0: unknown
  double max_seconds = 0;            // 0: no limit
  std::uint64_t train_samples = 0;
  std::uint64_t validation_samples = 0;
  bool autocast = false;
  bool dynamic_scaling = false;
  bool classification = false;  // the loss is a mean cross-entropy, so its exp is the perplexity
  double loss_scale = 1;        // at the start
  std::uint64_t growth_interval = 0;
  double min_loss_scale = 0;                 // lower bound of the scale; 0 without scaling
  std::vector<std::string> parameter_names;  // of the trained parameters
  std::vector<std::string> gradient_groups;  // the groups that they belong to, at most max_gradient_groups
  // Names of the scalars of the model's own loss, or of the task (`unsmoothed_loss`), in the order of `scalars` below.
  std::vector<std::string> scalar_names;
};

// One optimizer step, applied or skipped. Contains no strings, so that copying it does not allocate.
struct StepRecord {
  double time = 0;          // Unix, seconds
  std::uint64_t step = 0;   // from 1
  std::uint64_t epoch = 0;  // from 0
  double epoch_progress = 0;
  double loss = nan;
  double cross_entropy = nan;  // without label smoothing; its exp is the perplexity
  double learning_rate = 0;
  double gradient_norm = nan;  // unscaled, before clipping
  double clipped_norm = nan;   // after clipping
  double loss_scale = 1;       // used by this step
  double next_loss_scale = 1;
  std::uint64_t growth_tracker = 0;  // after this step
  bool at_min_scale = false;         // this step used the lower bound of the scale
  bool refused_scale = false;        // the policy returned an invalid scale, so the scale stays
  bool skipped = false;
  SkipCause skip_cause = SkipCause::none;
  NonfiniteGradients nonfinite;     // of a skipped step
  std::uint64_t skipped_steps = 0;  // so far
  double seconds = 0;
  std::array<double, phase_count> phase_seconds{};
  std::uint64_t samples = 0;
  std::uint64_t tokens = 0;
  double accuracy = nan;
  std::array<double, max_scalars> scalars{};
  std::uint32_t scalar_count = 0;
};

struct EvaluationRecord {
  double time = 0;
  std::uint64_t step = 0;
  std::string split;  // [a-z][a-z0-9_]{0,63}
  double loss = nan;
  double accuracy = nan;  // 0 to 1
  double seconds = 0;
  std::uint64_t samples = 0;
  std::array<double, max_scalars> scalars{};
  std::uint32_t scalar_count = 0;
};

struct EpochRecord {
  std::uint64_t epoch = 0;  // from 0
  double seconds = 0;       // of its steps
};

enum class RunState { starting, running, evaluating, finished, interrupted, failed, preempted };
constexpr std::array<std::string_view, 7> run_state_names{"starting",    "running", "evaluating", "finished",
                                                          "interrupted", "failed",  "preempted"};

// A checkpoint that was written or has failed.
struct CheckpointRecord {
  double time = 0;  // Unix, seconds, at its end
  std::uint64_t step = 0;
  bool saved = false;
  double stall_seconds = 0;     // for which the training thread was blocked
  double write_seconds = 0;     // in the background
  std::uint64_t bytes = 0;      // on disk
  double interval_seconds = 0;  // between the last two that were saved; 0 for the first
};

// Usage of LibTorch's allocator on the run's device. Counts start with the process.
struct DeviceMemoryRecord {
  double allocated_bytes = 0;  // by tensors
  double reserved_bytes = 0;   // from the device, including the cache
  double peak_bytes = 0;       // maximum of allocated_bytes
  std::uint64_t out_of_memory = 0;
  std::uint64_t retries = 0;  // allocations that succeeded only after cached memory was freed
};

struct RunEnded {
  RunState state = RunState::finished;
  std::uint64_t steps = 0;
  std::uint64_t skipped_steps = 0;
  double seconds = 0;
};

// Called on the training thread. Implementations must return quickly and must not throw.
class RunListener {
 public:
  virtual ~RunListener() = default;
  virtual void run_started(const RunStarted&) noexcept {}
  virtual void state_changed(RunState) noexcept {}
  virtual void step(const StepRecord&) noexcept {}
  virtual void gradients_sampled(const GradientSample&) noexcept {}  // after the step's own event
  virtual void device_memory_sampled(const DeviceMemoryRecord&) noexcept {
  }  // every second, on a device other than the CPU
  virtual void epoch_ended(const EpochRecord&) noexcept {}
  virtual void evaluated(const EvaluationRecord&) noexcept {}
  // All earlier events must have been written (not necessarily synced) when this returns.
  virtual void checkpoint_begins() noexcept {}
  virtual void checkpoint_ended(const CheckpointRecord&) noexcept {}
  virtual void message(int /*level, BINADE_LOG_* */, std::string_view /*text*/) noexcept {}
  virtual void run_ended(const RunEnded&) noexcept {}
};

}  // namespace binade::host
