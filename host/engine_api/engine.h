// The engine's interface for the rest of the host, without LibTorch headers. libbinade_engine.so exports one function,
// binade_engine(), and is loaded only by commands that train.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binade/abi/note.h"
#include "binade/abi/precision.h"
#include "host/data/dataset.h"
#include "host/engine_api/probed_model.h"
#include "host/events/events.h"
#include "host/events/progress.h"
#include "host/experiment/experiment.h"
#include "host/loading/plugin.h"
#include "host/storage/checkpoint.h"

namespace binade::host {

struct EngineInfo {
  std::string torch_version;
  std::string cuda_version;       // of the CUDA runtime that LibTorch uses, "13.0"; empty without one
  std::string cpu_capability;     // LibTorch's kernels: "AVX512", "AVX2", "DEFAULT"
  int threads = 0;                // used within one operation
  std::string libtorch_mismatch;  // set if another LibTorch was loaded than the engine was built with
};

// Everything that a run needs, opened and checked. All references must outlive the call.
struct TrainingRequest {
  const Experiment& experiment;
  const Dataset& dataset;
  const Plugin& model;
  const std::vector<std::string>& inputs;  // dataset fields for forward(), never empty
  const OptionTable& model_options;        // complete
  const Plugin* precision;                 // nullptr if the engine chooses
  std::filesystem::path weights_file;      // written at the end
  std::filesystem::path best_file;         // for the weights with the lowest validation loss; empty: not kept
  std::filesystem::path average_file;      // for the averaged weights of [train] ema_decay
  bool dry_run = false;                    // run one step and one evaluation, then stop
  bool measure_memory = false;  // measure the memory of CPU tensors, which costs up to 1 % of very small steps
  std::filesystem::path rescue_folder{};  // for the final weights if the run's folder cannot take them; may be empty
  const std::atomic<int>& stop_signal;    // non-zero: end after the step in progress
  RunListener& listener;
  std::filesystem::path checkpoint_folder{};  // empty: no checkpoints are written
  std::filesystem::path metrics_file{};       // synced before each checkpoint; may be empty
  std::atomic<bool>* checkpoint_asked =
      nullptr;                         // set by the caller to request a checkpoint after the step in progress
  const Checkpoint* resume = nullptr;  // the checkpoint to resume from
  // Versions, kernels, hashes of plugins and options of the experiment: everything besides the checkpoint that
  // determines how a run continues. The engine adds its own entries.
  std::map<std::string, std::string> run_fingerprint{};
  // Texts that are stored unchanged in each checkpoint, by name: the resolved experiment, the lock.
  std::map<std::string, std::string> records{};
  std::uint64_t stop_after = 0;  // steps of this process after which the run is interrupted; 0: never
  Progress* progress = nullptr;  // records what the training thread is doing
};

// Mean and standard deviation of each component of a standardized target, over the training samples. A deviation is
// never 0.
struct TargetScale {
  std::vector<double> mean, deviation;
  std::vector<std::int64_t> shape;  // of one sample's target
};

// Summary of one pass over the training split.
struct EpochSummary {
  std::uint64_t epoch = 0;                                  // from 0
  std::uint64_t steps = 0;                                  // total number of steps at its end
  double train_loss = nan, train_accuracy = nan;            // means over its samples
  double validation_loss = nan, validation_accuracy = nan;  // of the evaluation at its end
  double seconds = 0;                                       // of training
};

struct TrainingResult {
  RunState state = RunState::finished;  // or interrupted, or preempted (by SIGTERM or SIGHUP, without losing work)
  std::string stop_reason;              // "500 steps", "60 s of training", "signal 2"
  std::uint64_t steps = 0, skipped_steps = 0;
  double seconds = 0;                                             // of training, evaluations included
  double initial_loss = nan, final_loss = nan;                    // of the first and the last applied step
  double initial_cross_entropy = nan, final_cross_entropy = nan;  // the same without label smoothing
  double validation_loss = nan, validation_accuracy = nan;        // last evaluation
  double best_validation_loss = nan;
  std::uint64_t best_step = 0;
  std::vector<EpochSummary> epochs;  // completed epochs: at most the last 1000, and the best one
  double final_gradient_norm = nan;
  bool autocast = false;
  bool classification = false;              // the loss is a mean cross-entropy
  std::optional<TargetScale> target_scale;  // of a standardized target
  std::int64_t vocab_size = 0;              // 0 if the task does not predict tokens
  double samples_per_second = nan, tokens_per_second = nan;
  std::uint64_t parameters = 0;
  std::string loss;  // the task's: "next_token", ...
  std::string device, precision;
  std::string precision_reason;      // why the engine chose it; empty if a plugin did
  double loss_scale = 1;             // at the end
  double seconds_at_min_scale = 0;   // of steps at the lower bound of the scale
  std::uint64_t refused_scales = 0;  // invalid scales returned by the policy
  std::vector<SkipCount> skips;      // why steps were skipped
  // The part of the model with the highest underflow ratio at the last gradient sample; "" without samples.
  std::string underflow_group;
  double underflow_ratio = nan;
  // SHA-256 of names, types, shapes and bytes of all weights, in the order of the weights file, before the first and
  // after the last step.
  std::string initial_parameters_sha256, parameters_sha256;
  std::uint64_t samples_hash = 0;               // of the indices of the training samples, in training order
  std::optional<std::uint64_t> resumed_step;    // step of the checkpoint that this process resumed from
  std::vector<std::string> resume_differences;  // reasons why the run does not continue exactly; empty if it does
  std::uint64_t peak_tensor_bytes = 0;          // peak memory of tensors; 0 if unknown
  std::filesystem::path rescued{};  // location of final weights that the run's folder could not take; else empty
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineInfo info() const = 0;
  // [main] Returns the number of rows of a model's first embedding, 0 if there is none. Builds the model. Throws
  // PluginError.
  virtual std::int64_t embedding_rows(const Plugin& model, const OptionTable& model_options) = 0;
  // [main] Builds a model for checks, with LibTorch's generator seeded. `inputs` are the fields passed to forward(), in
  // order. `model` must outlive the result. Throws PluginError.
  virtual std::unique_ptr<ProbedModel> build(const Plugin& model, const OptionTable& model_options,
                                             const std::vector<std::string>& inputs, std::uint64_t seed) = 0;
  // [main] Trains, evaluates and writes the weights. Throws PluginError if a plugin fails, std::runtime_error for other
  // errors.
  virtual TrainingResult train(const TrainingRequest& request) = 0;
};

// The exported function. The caller owns the result.
constexpr const char* engine_symbol = "binade_engine";
using EngineFunction = Engine*();

}  // namespace binade::host
