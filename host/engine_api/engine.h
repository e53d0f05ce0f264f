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
  std::filesystem::path best_file;         // the weights of the lowest validation loss; not kept when empty
  std::filesystem::path average_file;      // the mean of the weights, where [train] ema_decay asks for one
  bool dry_run = false;                    // one step of everything, then stop
  bool measure_memory = false;            // count the bytes of CPU tensors: up to 1 % of the time of the smallest steps
  std::filesystem::path rescue_folder{};  // for final weights that the run's folder cannot take; empty: none
  const std::atomic<int>& stop_signal;    // non-zero: end after the current step
  RunListener& listener;
  std::filesystem::path checkpoint_folder{};      // empty: no checkpoints are written
  std::filesystem::path metrics_file{};           // synced before each checkpoint; may be empty
  std::atomic<bool>* checkpoint_asked = nullptr;  // set from outside: write a checkpoint after the current step
  const Checkpoint* resume = nullptr;             // the checkpoint to resume from
  // Versions, kernels, hashes of plugins, options of the experiment: everything besides the checkpoint that determines
  // how a resumed run continues. The engine adds what it knows itself.
  std::map<std::string, std::string> run_fingerprint{};
  // Texts that each checkpoint carries unchanged, by name: the resolved experiment, the lock.
  std::map<std::string, std::string> records{};
  std::uint64_t stop_after = 0;  // steps of this process, after which the run is interrupted; 0: never
  Progress* progress = nullptr;  // shows the watchdog what the training thread is doing
};

// Mean and deviation of each component of a standardized regression target, over the training samples. A deviation is
// never 0.
struct TargetScale {
  std::vector<double> mean, deviation;
  std::vector<std::int64_t> shape;  // of one sample's target
};

// Summary of one pass over the training split.
struct EpochSummary {
  std::uint64_t epoch = 0;                                  // from 0
  std::uint64_t steps = 0;                                  // of the run, at the end of the epoch
  double train_loss = nan, train_accuracy = nan;            // means over its samples
  double validation_loss = nan, validation_accuracy = nan;  // of the evaluation at its end
  double seconds = 0;                                       // of training
};

// What is known before the first step.
struct TrainingFacts {
  RunStarted started;            // as the listeners heard it
  std::string precision_reason;  // of the engine's own choice; empty where a plugin was asked
  std::string loss;              // the task's: "next_token", ...
  std::optional<TargetScale> target_scale;
  std::int64_t vocab_size = 0;                  // 0 where no tokens are predicted
  std::string initial_parameters_sha256;        // as KeptWeights::sha256, of the weights before the first step
  std::optional<std::uint64_t> resumed_step;    // of the checkpoint that this process resumed from
  std::vector<std::string> resume_differences;  // why the resumed run is not exact; empty: it is
};

// What is counted from the first step of a run to its last, in all of its processes. Checkpoints keep it.
struct TrainingStatistics {
  std::uint64_t steps = 0, skipped_steps = 0;
  std::uint64_t samples = 0, tokens = 0;                          // trained on
  double seconds = 0;                                             // of training, evaluations included
  double step_seconds = 0;                                        // of the steps alone
  double initial_loss = nan, final_loss = nan;                    // of the first and the last applied step
  double initial_cross_entropy = nan, final_cross_entropy = nan;  // the same without label smoothing
  double gradient_norm = nan;                                     // of the last step
  double validation_loss = nan, validation_accuracy = nan;        // of the last evaluation
  double best_validation_loss = nan;
  std::uint64_t best_step = 0;
  std::vector<EpochSummary> epochs;  // complete ones: the newest, at most 1000, and the best
  double seconds_at_min_scale = 0;   // of steps whose loss scale was the policy's floor
  std::uint64_t refused_scales = 0;  // invalid loss scales that the policy returned
  // At the last sample of gradients: the part of the model with the highest underflow ratio; "" without samples.
  std::string underflow_group;
  double underflow_ratio = nan;
  std::uint64_t samples_hash = 0;  // of the samples' numbers, in the order in which they were trained on

  double samples_per_second() const { return static_cast<double>(samples) / step_seconds; }  // NaN without steps
  double tokens_per_second() const { return tokens == 0 ? nan : static_cast<double>(tokens) / step_seconds; }
};

// How training ended.
struct TrainingOutcome {
  RunState state = RunState::finished;  // or interrupted, or preempted: by SIGTERM or SIGHUP, with nothing lost
  std::string stop_reason;              // "500 steps", "60 s of training", "signal 2"
  double loss_scale = 1;                // at the end
  std::vector<SkipCount> skips;         // why steps were skipped, the most frequent reason first
  std::uint64_t peak_tensor_bytes = 0;  // most bytes that tensors held at once; 0: unknown
};

// The final weights, which a full disk may have kept out of the run's folder.
struct KeptWeights {
  std::string sha256;  // of names, types, shapes and bytes of all weights, in the order of the weights file
  std::filesystem::path rescued{};  // the folder that took them instead; empty: they are in the run's folder
};

// The evaluation of a split that was neither trained on nor validated with, such as "test".
struct HeldOutResult {
  EvaluationRecord evaluated;
  std::uint64_t weights_step = 0;  // of the weights that were evaluated
};

struct TrainingResult {
  TrainingFacts facts;
  TrainingStatistics statistics;
  TrainingOutcome outcome;
  KeptWeights weights;
  std::vector<HeldOutResult> held_out;  // empty if the run was not finished
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual EngineInfo info() const = 0;
  // [main] Builds the model and returns the number of rows of its first embedding, 0 without one. Throws PluginError.
  virtual std::int64_t embedding_rows(const Plugin& model, const OptionTable& model_options) = 0;
  // [main] Builds a model for `binade plugins validate`, with LibTorch's generator seeded. `inputs`: the fields that
  // forward() gets, in order. The plugin must outlive it. Throws PluginError.
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
