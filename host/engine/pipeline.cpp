#include "host/engine/pipeline.h"

#include <fmt/format.h>

#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/engine/device.h"
#include "host/engine/effective_precision.h"
#include "host/engine/training_loop.h"
#include "host/engine/weights.h"
#include "host/experiment/sections.h"

namespace binade::host {
namespace {

std::uint64_t unsigned_option(const OptionTable& table, std::string_view name) {
  return table.has(name) ? static_cast<std::uint64_t>(table.integer(name)) : 0;
}

LoopPlan plan_loop(const OptionTable& train, std::uint64_t batches_per_epoch) {
  const auto accumulate = unsigned_option(train, "accumulate");
  LoopPlan plan{};
  plan.steps_per_epoch = std::max<std::uint64_t>(1, batches_per_epoch / accumulate);
  plan.target_steps = unsigned_option(train, "steps");
  if (const auto epochs = unsigned_option(train, "epochs"); epochs != 0) {
    const auto steps = epochs * plan.steps_per_epoch;
    plan.target_steps = plan.target_steps == 0 ? steps : std::min(plan.target_steps, steps);
  }
  plan.max_seconds = train.has("max_time") ? max_seconds(train) : 0;
  plan.evaluate_every = unsigned_option(train, "evaluate_every");
  return plan;
}

EffectivePrecision choose_precision(const TrainingRequest& request, c10::Device device) {
  const auto& reserved = request.experiment.precision.reserved;
  return effective_precision(request.policy, device.is_cpu(), reserved.string("cpu") == "allow");
}

}  // namespace

TrainingResult run_pipeline(const TrainingRequest& request) {
  const auto& [experiment, dataset, model_plugin, inputs, model_options, asked, weights_file, stop, listener] = request;
  const auto seed = static_cast<std::uint64_t>(experiment.experiment.integer("seed"));
  const auto& train = experiment.train;

  const auto device = choose_device(train.string("device"));
  set_up_process(seed, static_cast<int>(train.integer("threads")));
  const auto [policy, warning] = choose_precision(request, device);
  if (!warning.empty()) listener.message(BINADE_LOG_WARNING, warning);

  Model model(model_plugin, model_options, inputs, device);
  const Task task(experiment.task, dataset, model);
  const auto train_split = dataset.split("train", seed);
  const auto validation_split = dataset.split("validation", seed);

  const auto batch_size = unsigned_option(train, "batch_size");
  const auto workers = static_cast<std::uint32_t>(train.integer("workers"));
  const auto prefetch = static_cast<std::uint32_t>(train.integer("prefetch"));
  Sampler sampler(train_split.size, batch_size, /*shuffle=*/true, /*drop_last=*/true, seed, Shard{});
  const auto plan = plan_loop(train, sampler.batches_per_epoch());
  BatchLoader batches(dataset, train_split, std::move(sampler), /*training=*/true, seed, workers, prefetch, 0, 0);

  GradScaler scaler(policy);
  const auto optimizer = make_optimizer(experiment.optimizer, trainable_parameters(model));
  Schedule schedule(experiment.schedule, experiment.optimizer.number("lr"), plan.target_steps);
  const Training training{model,
                          task,
                          batches,
                          policy,
                          scaler,
                          *optimizer,
                          schedule,
                          device,
                          unsigned_option(train, "accumulate"),
                          train.number("clip_norm")};
  const EvaluationPlan evaluation{dataset, validation_split, batch_size, unsigned_option(train, "evaluate_batches"),
                                  workers, prefetch,         seed};

  RunStarted started;
  started.device = device.str();
  started.precision = precision_name(policy.compute_dtype);
  started.parameters = model.trainable_elements();
  started.target_steps = plan.target_steps;
  started.max_seconds = plan.max_seconds;
  started.train_samples = train_split.size;
  started.validation_samples = validation_split.size;
  started.autocast = policy.autocast != 0;
  started.dynamic_scaling = scaler.enabled();
  started.loss_scale = scaler.get_scale();
  started.growth_interval = scaler.enabled() ? static_cast<std::uint64_t>(policy.growth_interval) : 0;
  started.scalar_names = probe(evaluation, model, task, policy, device);
  if (started.parameters == 0) throw std::runtime_error("the model has no parameter to train");
  listener.run_started(started);

  auto result = run_training_loop(plan, training, evaluation, stop, listener);
  result.device = started.device;
  result.precision = started.precision;
  result.parameters = started.parameters;
  result.loss = task.loss_name();
  result.parameters_sha256 = write_weights(model, weights_file);
  return result;
}

}  // namespace binade::host
