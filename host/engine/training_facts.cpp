#include "host/engine/training_facts.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/engine/amp/effective_precision.h"
#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/device/device.h"
#include "host/experiment/schema/vocabulary.h"

namespace binade::host {
namespace {

// Of the trained parameters; "mixed" where they have several types.
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
  const double lr = experiment.optimizer.lr;
  for (const auto& group : experiment.parameter_groups) ratios.push_back(group.lr.value_or(lr) / lr);
  return ratios;
}

}  // namespace

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
        "[model], or remove it there",
        *dataset, rows));
  }
  return resolve_vocabulary(configured, dataset, rows).size;
}

RunStarted describe_start(const TrainingRequest& request, const LoopPlan& plan, const Training& training) {
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

RunFingerprint fingerprint_of(const TrainingRequest& request, c10::Device device, std::uint64_t train_samples) {
  auto fingerprint = request.run_fingerprint;
  fingerprint["threads"] = std::to_string(at::get_num_threads());
  fingerprint["samples to train on"] = std::to_string(train_samples);
  fingerprint["device"] = device.str();
  fingerprint.merge(describe_device(device));
  return fingerprint;
}

}  // namespace binade::host
