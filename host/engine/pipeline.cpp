#include "host/engine/pipeline.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/data/subset.h"
#include "host/engine/amp/effective_precision.h"
#include "host/engine/amp/precision_choice.h"
#include "host/engine/amp/precision_overrides.h"
#include "host/engine/checkpoint/final_weights.h"
#include "host/engine/checkpoint/resumed_training.h"
#include "host/engine/device/device.h"
#include "host/engine/device/tensor_memory.h"
#include "host/engine/loop/training_data.h"
#include "host/engine/loop/training_loop.h"
#include "host/engine/model/initial_weights.h"
#include "host/engine/model/weights.h"
#include "host/engine/optim/parameters.h"
#include "host/experiment/doubtful_plans.h"
#include "host/experiment/schema/text_forms.h"
#include "host/experiment/schema/vocabulary.h"
#include "host/storage/checkpoint_error.h"
#include "host/storage/run_directory.h"

namespace binade::host {
namespace {

std::uint64_t unsigned_option(const OptionTable& table, std::string_view name) {
  return table.has(name) ? static_cast<std::uint64_t>(table.integer(name)) : 0;
}

// The steps that the run will have, of which those of `resumed` are done, when the first of `steps` and `epochs` ends
// it.
void plan_length(LoopPlan& plan, const OptionTable& train, const LoopState* resumed) {
  plan.target_steps = unsigned_option(train, "steps");
  const auto epochs = unsigned_option(train, "epochs");
  if (epochs == 0) return;
  const auto steps =
      (resumed == nullptr ? 0 : resumed->step) + plan.begin.steps_until(epochs, unsigned_option(train, "accumulate"));
  if (plan.target_steps != 0 && plan.target_steps <= steps) return;
  plan.target_steps = steps;
  plan.epochs = epochs;
}

LoopPlan plan_loop(const OptionTable& train, const TrainingData& data, const LoopState* resumed,
                   const TrainingRequest& request) {
  LoopPlan plan{};
  plan.begin = data.begin(resumed);
  plan_length(plan, train, resumed);
  plan.max_seconds = train.has("max_time") ? max_seconds(train) : 0;
  plan.evaluate_every = unsigned_option(train, "evaluate_every");
  plan.evaluate_each_epoch = train.has("epochs") && !train.has("evaluate_every");
  plan.patience = unsigned_option(train, "early_stopping.patience");
  plan.max_nonfinite_losses = unsigned_option(train, "max_nonfinite_losses");
  plan.stop_after = request.stop_after;
  plan.run_folder = request.weights_file.parent_path();
  plan.min_delta = train.number("early_stopping.min_delta");
  const bool evaluates = plan.evaluate_every != 0 || plan.evaluate_each_epoch;
  if (train.boolean("keep_best") && evaluates) plan.best_file = request.best_file;
  return plan;
}

// Throws when the dataset has tokens that the model has no row for: an index out of range somewhere in its first step.
std::int64_t vocabulary_of(const TrainingRequest& request, const Model& model) {
  constexpr std::string_view name = "vocab_size";
  const auto& options = request.model_options;
  const auto& facts = request.dataset.facts();
  std::optional<std::int64_t> configured, dataset;
  if (options.has(name)) configured = options.integer(name);
  if (const auto fact = facts.find(name); fact != facts.end()) dataset = std::get<std::int64_t>(fact->second);
  const auto rows = model.embedding_rows();
  if (dataset && rows > 0 && *dataset > rows) {
    throw std::runtime_error(fmt::format(
        "the dataset has {} different tokens, but the model's embedding has rows for {} only: raise `vocab_size` in "
        "[model], or leave it out there",
        *dataset, rows));
  }
  return resolve_vocabulary(configured, dataset, rows).size;
}

// Of what is trained; "mixed" where that is of several.
std::string parameter_dtype(const Model& model) {
  std::set<c10::ScalarType> types;
  for (const auto& [name, tensor] : model.parameters()) {
    if (tensor.requires_grad()) types.insert(tensor.scalar_type());
  }
  if (types.size() != 1) return "mixed";
  return *types.begin() == at::kDouble ? "fp64" : std::string(precision_name(abi_dtype(*types.begin())));
}

std::vector<double> lr_ratios(const Experiment& experiment) {
  std::vector<double> ratios{1};
  const double lr = experiment.optimizer.number("lr");
  for (const auto& group : experiment.parameter_groups) {
    ratios.push_back(group.has("lr") ? group.number("lr") / lr : 1);
  }
  return ratios;
}

RunStarted describe(const Training& training, const LoopPlan& plan, const TrainingRequest& request) {
  const auto& policy = training.precision.constants();
  const auto& scaler = training.scaler;
  RunStarted started;
  started.device = training.device.str();
  started.precision = precision_name(policy.compute_dtype);
  started.parameter_dtype = parameter_dtype(training.model);
  started.parameters = training.model.trainable_elements();
  started.autocast = policy.autocast != 0;
  started.classification = training.task.is_classification();
  started.dynamic_scaling = scaler.enabled();
  started.loss_scale = scaler.get_scale();
  started.growth_interval = scaler.enabled() ? static_cast<std::uint64_t>(policy.growth_interval) : 0;
  started.min_loss_scale = scaler.enabled() ? policy.min_scale : 0;
  started.parameter_names = trained_parameter_names(training.model);
  started.gradient_groups = GradientGroups(started.parameter_names).names;
  started.lr_ratios = lr_ratios(request.experiment);
  started.steps_done = request.resume == nullptr ? 0 : request.resume->step;
  started.target_steps = plan.target_steps;
  started.max_seconds = plan.max_seconds;
  return started;
}

// What decides how a run goes on, beside its state.
std::map<std::string, std::string> describe_run(const TrainingRequest& request, c10::Device device,
                                                std::uint64_t train_samples) {
  auto run_fingerprint = request.run_fingerprint;
  run_fingerprint["threads"] = std::to_string(at::get_num_threads());
  run_fingerprint["samples to train on"] = std::to_string(train_samples);
  run_fingerprint["device"] = device.str();
  run_fingerprint.merge(describe_device(device));
  return run_fingerprint;
}

void tell_resume(const ResumedTraining& resumed, const std::map<std::string, std::string>& run_fingerprint,
                 RunListener& listener) {
  const auto step = resumed.loop().step;
  if (resumed.differences().empty()) {
    // Some of a GPU's kernels add in an order of their own each time.
    const auto& device = run_fingerprint.at("device");
    auto limit =
        device == "cpu" ? std::string() : fmt::format(", as far as the kernels of {} repeat themselves", device);
    if (!resumed.compared_data().empty()) limit += ", " + resumed.compared_data();
    listener.message(BINADE_LOG_INFO, fmt::format("resumed at step {}: exact{}", step, limit));
  } else {
    listener.message(BINADE_LOG_WARNING, fmt::format("resumed at step {}: approximate, because {}", step,
                                                     fmt::join(resumed.differences(), "; ")));
  }
}

// What each evaluation is on. A dry run evaluates one batch.
Split evaluated_part(Split validation, const OptionTable& train, std::uint64_t seed, bool dry_run) {
  const auto batches = dry_run ? 1 : unsigned_option(train, "evaluate_batches");
  if (batches == 0) return validation;
  return subset(validation, batches * unsigned_option(train, "batch_size"), seed);
}

TrainingResult run_with_checkpoints(const TrainingRequest& request, const LoopPlan& plan, const Training& training,
                                    const EvaluationPlan& evaluation, const std::optional<ResumedTraining>& resumed,
                                    const std::map<std::string, std::string>& run_fingerprint) {
  const auto& options = request.experiment.checkpoint;
  std::optional<Checkpointer> checkpointer;
  if (!request.checkpoint_folder.empty()) {
    checkpointer.emplace(CheckpointPlan{request.checkpoint_folder, unsigned_option(options, "every_steps"),
                                        options.number("every_minutes") * 60, unsigned_option(options, "keep"),
                                        options.boolean("keep_best"), request.metrics_file},
                         request.listener, request.resume == nullptr ? 0 : request.resume->step);
  }
  return run_training_loop(plan, training, evaluation, request.stop_signal, request.listener,
                           {checkpointer ? &*checkpointer : nullptr, request.checkpoint_asked,
                            resumed ? &*resumed : nullptr, &run_fingerprint, &request.records});
}

// A resumed run has all of its weights from its checkpoint.
void initialize(const Model& model, const TrainingRequest& request) {
  const auto& keys = request.experiment.model.reserved;
  if (request.resume != nullptr || !keys.has("init_from")) return;
  const auto weights = load_initial_weights(model, keys.string("init_from"), keys.boolean("init_strict"));
  request.listener.message(BINADE_LOG_INFO, weights.taken);
  if (!weights.left_out.empty()) request.listener.message(BINADE_LOG_WARNING, "not taken; " + weights.left_out);
}

void keep_final_weights(const TrainingRequest& request, const Model& model, WeightAverage& average,
                        TrainingResult& result) {
  FinalWeights weights(request);
  try {
    result.parameters_sha256 = weights.keep(model, request.weights_file);
    if (average.enabled()) {
      const WeightAverage::Applied averaged(average);
      weights.keep(model, request.average_file);
    }
  } catch (const RunFolderGone&) {
    weights.rescue(model, request.weights_file.filename().string());
    throw;
  }
  result.rescued = weights.rescued();
}

// Fitted on the training samples of the run's beginning, and kept by its checkpoints.
void standardize_target(Task& task, const TrainingRequest& request, const TargetScaleFit& fit, c10::Device device,
                        const ResumedTraining* resumed) {
  if (!request.experiment.dataset.reserved.boolean("standardize_target")) return;
  const auto* kept = resumed == nullptr ? nullptr : resumed->target_scale();
  if (kept != nullptr && !fits(*kept, fit.dataset, fit.field)) {
    throw CheckpointError(fmt::format(
        "{} standardized a target of another size than `{}` has: resume with the data that it was made with",
        request.resume->folder.string(), fit.field));
  }
  task.standardize(kept == nullptr ? fit_target_scale(fit) : *kept, device);
  request.listener.message(
      BINADE_LOG_INFO, fmt::format("the target `{}` is standardized: {} of the training samples; losses are in its own "
                                   "units",
                                   task.target(), to_text(*task.target_scale())));
}

}  // namespace

TrainingResult run_pipeline(const TrainingRequest& request) {
  const auto& experiment = request.experiment;
  const auto& dataset = request.dataset;
  auto& listener = request.listener;
  const auto seed = static_cast<std::uint64_t>(experiment.experiment.integer("seed"));
  const auto& train = experiment.train;

  const auto device = choose_device(train.string("device"));
  set_up_process(seed, static_cast<int>(train.integer("threads")));
  if (request.measure_memory) count_tensor_memory();
  const auto precision = choose_precision(request, device);
  const auto& policy = precision.policy->constants();

  Model model(request.model, request.model_options, request.inputs, device);
  initialize(model, request);
  auto initial_hash = hash_weights(model);
  freeze(model, train.strings("freeze"));
  PrecisionOverrides overrides(model, precision.rules);
  if (policy.autocast != 0) overrides.install(device.type());
  Task task(experiment.task, dataset, model);
  const auto vocab_size = task.is_token_loss() ? vocabulary_of(request, model) : 0;
  const TrainingData data(dataset, train, seed);
  auto validation = dataset.split("validation", seed);
  const auto validation_samples = validation.size;
  const auto evaluated = evaluated_part(std::move(validation), train, seed, request.dry_run);

  const auto run_fingerprint = describe_run(request, device, data.split().size);
  std::optional<ResumedTraining> resumed;
  if (request.resume != nullptr) resumed.emplace(*request.resume, run_fingerprint);
  auto plan = plan_loop(train, data, resumed ? &resumed->loop() : nullptr, request);
  plan.data = {&dataset, &data.split(), seed, request.inputs,
               experiment.task.has("target") ? experiment.task.string("target") : ""};
  auto batches = data.batches(plan.begin);

  standardize_target(task, request,
                     {dataset, data.split(), task.target(), unsigned_option(train, "batch_size"),
                      static_cast<std::uint32_t>(train.integer("workers")),
                      static_cast<std::uint32_t>(train.integer("prefetch")), seed,
                      [&] {
                        if (request.progress != nullptr) request.progress->enter(Activity::data, 0);
                        return request.stop_signal.load() == 0;
                      }},
                     device, resumed ? &*resumed : nullptr);

  GradScaler scaler(policy);
  if (scaler.enabled()) require_no_fp16(model);
  auto parameters = group_parameters(model, experiment.optimizer, experiment.parameter_groups);
  WeightAverage average(parameters.parameters, train.number("ema_decay"));
  Schedule schedule(experiment.schedule, experiment.optimizer.number("lr"), plan.target_steps);
  const auto optimizer = make_optimizer(experiment.optimizer, std::move(parameters), schedule.cycles_momentum());
  const auto schedule_steps = plan.target_steps;
  if (request.dry_run) plan.target_steps = 1;
  const Training training{model,
                          task,
                          batches,
                          *precision.policy,
                          scaler,
                          *optimizer,
                          schedule,
                          average,
                          device,
                          unsigned_option(train, "accumulate"),
                          train.number("clip_norm"),
                          unsigned_option(experiment.metrics, "sample_gradients_every"),
                          request.progress};
  const EvaluationPlan evaluation{dataset,
                                  evaluated,
                                  unsigned_option(train, "batch_size"),
                                  static_cast<std::uint32_t>(train.integer("workers")),
                                  static_cast<std::uint32_t>(train.integer("prefetch")),
                                  seed,
                                  &request.stop_signal};

  const auto probed = probe(evaluation, model, task, policy, device);
  if (resumed) resumed->load(training);
  auto started = describe(training, plan, request);
  started.train_samples = data.split().size;
  started.validation_samples = validation_samples;
  started.scalar_names = probed.scalar_names;
  if (resumed) started.evaluated_step = resumed->loop().evaluated_step;
  for (const auto& rule : overrides.unused()) {
    listener.message(BINADE_LOG_WARNING, rule + " had no effect on the first batch: no operation came under it");
  }
  data.tell(model, listener);
  for (const auto& sentence : doubtful_plans(experiment, schedule_steps)) {
    listener.message(BINADE_LOG_WARNING, sentence);
  }
  if (!probed.warning.empty() && !resumed) listener.message(BINADE_LOG_WARNING, probed.warning);
  if (resumed) tell_resume(*resumed, run_fingerprint, listener);
  listener.run_started(started);

  TrainingResult result;
  try {
    result = run_with_checkpoints(request, plan, training, evaluation, resumed, run_fingerprint);
  } catch (const RunFolderGone&) {
    FinalWeights(request).rescue(model, request.weights_file.filename().string());
    throw;
  }
  if (resumed) {
    result.resumed_step = request.resume->step;
    result.resume_differences = resumed->differences();
  }
  result.device = started.device;
  result.precision = started.precision;
  result.precision_reason = precision.reason;
  result.parameters = started.parameters;
  result.loss = task.loss_name();
  if (const auto* scale = task.target_scale()) result.target_scale = *scale;
  result.vocab_size = vocab_size;
  result.autocast = started.autocast;
  result.classification = started.classification;
  result.peak_tensor_bytes = peak_tensor_bytes(device);
  result.initial_parameters_sha256 = std::move(initial_hash);
  keep_final_weights(request, model, average, result);
  return result;
}

}  // namespace binade::host
