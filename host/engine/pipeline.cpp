#include "host/engine/pipeline.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/engine/amp/precision_choice.h"
#include "host/engine/amp/precision_overrides.h"
#include "host/engine/checkpoint/final_weights.h"
#include "host/engine/checkpoint/resumed_training.h"
#include "host/engine/device/device.h"
#include "host/engine/device/tensor_memory.h"
#include "host/engine/evaluation/held_out.h"
#include "host/engine/evaluation/validation_splits.h"
#include "host/engine/loop/training_data.h"
#include "host/engine/loop/training_loop.h"
#include "host/engine/model/initial_weights.h"
#include "host/engine/model/weights.h"
#include "host/engine/optim/parameters.h"
#include "host/engine/training_facts.h"
#include "host/experiment/doubtful_plans.h"
#include "host/storage/checkpoint_error.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

std::uint64_t seed_of(const TrainingRequest& request) { return request.experiment.experiment.seed; }

c10::Device set_up(const TrainingRequest& request) {
  const auto& train = request.experiment.train;
  const auto device = choose_device(train.device);
  set_up_process(seed_of(request), train.threads);
  if (request.measure_memory) count_tensor_memory();
  return device;
}

// Returns the hash of the weights that training starts from. A resumed run loads all of its weights from its checkpoint
// later.
std::string initialize(const Model& model, const TrainingRequest& request) {
  const auto& keys = request.experiment.model.reserved;
  if (request.resume == nullptr && keys.has("init_from")) {
    const auto weights = load_initial_weights(model, keys.string("init_from"), keys.boolean("init_strict"));
    request.listener.message(BINADE_LOG_INFO, weights.taken);
    if (!weights.left_out.empty()) request.listener.message(BINADE_LOG_WARNING, "not taken; " + weights.left_out);
  }
  auto hash = hash_weights(model);
  freeze(model, request.experiment.train.freeze);
  return hash;
}

std::optional<ResumedTraining> read_checkpoint(const TrainingRequest& request, const RunFingerprint& run_fingerprint) {
  if (request.resume == nullptr) return std::nullopt;
  return std::optional<ResumedTraining>(std::in_place, *request.resume, run_fingerprint);
}

// Everything that a run is made of, built in this order.
class Pipeline {
 public:
  explicit Pipeline(const TrainingRequest& request) : request_(request) {
    if (precision_.policy->constants().autocast != 0) overrides_.install(device_.type());
    if (request_.experiment.dataset.reserved.boolean("standardize_target")) standardize_target();
  }

  TrainingResult run() {
    // The probe may draw random numbers: a resumed run loads their generators afterwards.
    const auto probed = probe(evaluations_.front(), model_, task_, precision_.policy->constants(), device_);
    if (resumed_) resumed_->load(training_);
    const auto facts = gather_facts(probed);
    report_before_training(probed);
    request_.listener.run_started(facts.started);
    FinalWeights weights(request_);
    try {
      auto [statistics, outcome] = train();
      auto kept = keep_final_weights(weights);
      auto held_out = evaluate_held_out_splits(statistics, outcome);
      return {facts, std::move(statistics), std::move(outcome), std::move(kept), std::move(held_out)};
    } catch (const RunFolderGone&) {
      weights.rescue(model_, request_.weights_file.filename().string());
      throw;
    }
  }

 private:
  TrainingParts training_parts();
  std::vector<EvaluationPlan> evaluation_plans() const;
  void standardize_target();
  TrainingFacts gather_facts(const Probe& probed) const;
  void report_before_training(const Probe& probed) const;
  LoopResult train();
  KeptWeights keep_final_weights(FinalWeights& weights);
  std::vector<HeldOutResult> evaluate_held_out_splits(const TrainingStatistics& statistics,
                                                      const TrainingOutcome& outcome);

  const TrainingRequest& request_;
  const c10::Device device_ = set_up(request_);
  const PrecisionChoice precision_ = choose_precision(request_, device_);
  Model model_{request_.model, request_.model_options, request_.inputs, device_};
  const std::string initial_hash_ = initialize(model_, request_);
  PrecisionOverrides overrides_{model_, precision_.rules};
  Task task_{request_.experiment.task, request_.dataset, model_};
  const std::int64_t vocab_size_ = task_.is_token_loss() ? vocabulary_of(request_, model_) : 0;
  const TrainingData data_{request_.dataset, request_.experiment.train, seed_of(request_)};
  const std::vector<Split> validation_ = validation_splits(request_);
  const RunFingerprint run_fingerprint_ = fingerprint_of(request_, device_, data_.split().size);
  const std::optional<ResumedTraining> resumed_ = read_checkpoint(request_, run_fingerprint_);
  const LoopPlan plan_ = plan_loop(request_, data_, resumed_ ? &resumed_->loop() : nullptr);
  BatchLoader batches_ = data_.batches(plan_.begin);
  Training training_ = make_training(training_parts());
  const std::vector<EvaluationPlan> evaluations_ = evaluation_plans();
};

TrainingParts Pipeline::training_parts() {
  const auto& experiment = request_.experiment;
  const auto& train = experiment.train;
  return {.model = model_,
          .task = task_,
          .batches = batches_,
          .precision = *precision_.policy,
          .parameters = group_parameters(model_, experiment.optimizer, experiment.parameter_groups),
          .optimizer = experiment.optimizer,
          .schedule = experiment.schedule,
          .lr = experiment.optimizer.lr,
          .schedule_steps = plan_.schedule_steps,
          .ema_decay = train.ema_decay,
          .device = device_,
          .accumulate = train.accumulate,
          .clip_norm = train.clip_norm,
          .sample_gradients_every = experiment.metrics.sample_gradients_every,
          .progress = request_.progress};
}

std::vector<EvaluationPlan> Pipeline::evaluation_plans() const {
  const auto& train = request_.experiment.train;
  std::vector<EvaluationPlan> plans;
  for (const auto& split : validation_) {
    plans.push_back({.dataset = request_.dataset,
                     .split = split,
                     .batch_size = train.batch_size,
                     .workers = train.workers,
                     .prefetch = train.prefetch,
                     .seed = seed_of(request_),
                     .stop_signal = &request_.stop_signal});
  }
  return plans;
}

// The scale is fitted on the training samples when the run begins, and kept by its checkpoints.
void Pipeline::standardize_target() {
  const auto* kept = resumed_ ? resumed_->target_scale() : nullptr;
  if (kept != nullptr && !fits(*kept, request_.dataset, task_.target())) {
    throw CheckpointError(fmt::format(
        "{} standardized a target of another size than `{}` has: resume with the data of the checkpoint's own run",
        request_.resume->folder.string(), task_.target()));
  }
  const auto fit = [this] {
    const auto& train = request_.experiment.train;
    return fit_target_scale({.dataset = request_.dataset,
                             .split = data_.split(),
                             .field = task_.target(),
                             .batch_size = train.batch_size,
                             .workers = train.workers,
                             .prefetch = train.prefetch,
                             .seed = seed_of(request_),
                             .before_batch = [this] {
                               training_.enter(Activity::data, 0);
                               return request_.stop_signal.load() == 0;
                             }});
  };
  task_.standardize(kept == nullptr ? fit() : *kept, device_);
  request_.listener.message(
      BINADE_LOG_INFO, fmt::format("the target `{}` is standardized: {} of the training samples; losses are in its own "
                                   "units",
                                   task_.target(), to_text(*task_.target_scale())));
}

TrainingFacts Pipeline::gather_facts(const Probe& probed) const {
  TrainingFacts facts{.started = describe_start(request_, plan_, training_),
                      .precision_reason = precision_.reason,
                      .loss = task_.loss_name(),
                      .target_scale = {},
                      .vocab_size = vocab_size_,
                      .initial_parameters_sha256 = initial_hash_,
                      .resumed_step = {},
                      .resume_differences = {}};
  facts.started.train_samples = data_.split().size;
  facts.started.validation_samples = request_.dataset.split("validation").size;
  facts.started.scalar_names = probed.scalar_names;
  if (const auto* scale = task_.target_scale()) facts.target_scale = *scale;
  if (resumed_) {
    facts.started.evaluated_step = resumed_->loop().evaluated_step;
    facts.resumed_step = request_.resume->step;
    facts.resume_differences = resumed_->differences();
  }
  return facts;
}

void Pipeline::report_before_training(const Probe& probed) const {
  auto& listener = request_.listener;
  for (const auto& rule : overrides_.unused()) {
    listener.message(BINADE_LOG_WARNING, rule + " had no effect on the first batch: it matched no operation");
  }
  data_.tell(model_, listener);
  for (const auto& sentence : doubtful_plans(request_.experiment, plan_.schedule_steps)) {
    listener.message(BINADE_LOG_WARNING, sentence);
  }
  if (!probed.warning.empty() && !resumed_) listener.message(BINADE_LOG_WARNING, probed.warning);
  if (resumed_) resumed_->report(run_fingerprint_.at("device"), listener);
}

LoopResult Pipeline::train() {
  const auto& options = request_.experiment.checkpoint;
  std::optional<Checkpointer> checkpointer;
  if (!request_.checkpoint_folder.empty()) {
    const CheckpointPlan plan{.folder = request_.checkpoint_folder,
                              .every_steps = options.every_steps,
                              .every_seconds = options.every_minutes * 60,
                              .keep = options.keep,
                              .keep_best = options.keep_best,
                              .metrics = request_.metrics_file};
    checkpointer.emplace(plan, request_.listener, request_.resume == nullptr ? 0 : request_.resume->step);
  }
  return run_training_loop({.plan = plan_,
                            .training = training_,
                            .evaluations = evaluations_,
                            .stop_signal = request_.stop_signal,
                            .listener = request_.listener,
                            .checkpoints = {.checkpointer = checkpointer ? &*checkpointer : nullptr,
                                            .asked = request_.checkpoint_asked,
                                            .resumed = resumed_ ? &*resumed_ : nullptr,
                                            .run_fingerprint = &run_fingerprint_,
                                            .records = &request_.records}});
}

KeptWeights Pipeline::keep_final_weights(FinalWeights& weights) {
  KeptWeights kept{.sha256 = weights.keep(model_, request_.weights_file)};
  if (training_.average.enabled()) {
    const WeightAverage::Applied averaged(training_.average);
    weights.keep(model_, request_.average_file);
  }
  kept.rescued = weights.rescued();
  return kept;
}

std::vector<HeldOutResult> Pipeline::evaluate_held_out_splits(const TrainingStatistics& statistics,
                                                              const TrainingOutcome& outcome) {
  if (outcome.state != RunState::finished) return {};
  return evaluate_held_out({.validation = evaluations_.front(),
                            .training = training_,
                            .statistics = statistics,
                            .best_file = request_.best_file,
                            .dry_run = request_.dry_run,
                            .listener = request_.listener});
}

}  // namespace

TrainingResult run_pipeline(const TrainingRequest& request) { return Pipeline(request).run(); }

}  // namespace binade::host
