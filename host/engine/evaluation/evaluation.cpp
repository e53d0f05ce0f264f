#include "host/engine/evaluation/evaluation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <regex>
#include <stdexcept>
#include <utility>

#include "host/base/clock.h"

namespace binade::host {
namespace {

BatchLoader make_loader(const EvaluationPlan& plan, std::uint64_t batches_wanted) {
  Sampler sampler(plan.split.size, plan.batch_size, Order::sequential, /*drop_last=*/false, plan.seed, Shard{});
  const auto prefetch = static_cast<std::uint32_t>(std::min<std::uint64_t>(plan.prefetch, batches_wanted));
  return BatchLoader(plan.dataset, plan.split, std::move(sampler), /*training=*/false, plan.seed,
                     prefetch < 2 ? 0 : plan.workers, prefetch, 0, 0, batches_wanted);
}

std::uint64_t batches_in(const EvaluationPlan& plan) {
  return (plan.split.size + plan.batch_size - 1) / plan.batch_size;
}

class EvaluationMode {
 public:
  explicit EvaluationMode(Model& model) : model_(model) { model_.train(false); }
  ~EvaluationMode() {
    try {
      model_.train(true);
    } catch (const std::exception&) {  // a model that cannot switch back fails in its next step, where it is reported
    }
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Model& model_;
};

// Throws std::runtime_error for a name that a metric cannot have.
std::vector<std::string> names_of(const std::vector<NamedTensor>& scalars) {
  std::vector<std::string> names;
  static const std::regex valid("[A-Za-z0-9_]{1,64}");
  for (const auto& [name, scalar] : scalars) {
    if (!std::regex_match(name, valid) || scalar.numel() != 1) {
      throw std::runtime_error("the model's loss() reports `" + name +
                               "`: a scalar has a name of letters, digits and _ and a tensor of one element");
    }
    names.push_back(name);
  }
  if (names.size() > max_scalars) {
    throw std::runtime_error("the model's loss() reports " + std::to_string(names.size()) + " scalars, at most " +
                             std::to_string(max_scalars) + " are possible");
  }
  return names;
}

// An optimizer moves a weight by about lr in a step, so that outputs need very many steps to reach such a target.
std::string huge_target_warning(const Task& task, const BatchTensors& batch, const TaskResult& result) {
  constexpr double huge = 100, unexplained = 0.5;
  if (task.loss_name() != "mse" || task.target_scale() != nullptr) return {};
  const double size = std::sqrt(batch.at(task.target()).to(at::kDouble).square().mean().item<double>());
  if (!(size >= huge) || result.loss.item<double>() < unexplained * size * size) return {};
  return fmt::format(
      "the target `{}` is of the size {:.3g} in the first batch, and the model starts far below it: with [dataset] "
      "standardize_target = true it is trained on (target - mean) / deviation, and losses stay in the target's own "
      "units",
      task.target(), size);
}

// Weighted loss, weight, correct, then weighted scalars.
std::vector<at::Tensor> weighted_terms(const TaskResult& result, double samples) {
  const auto loss = result.told().reshape({}).to(at::kDouble);
  const auto weight = result.counted.defined() ? result.counted.to(at::kDouble) : at::full_like(loss, samples);
  std::vector<at::Tensor> terms{loss * weight, weight,
                                result.correct.defined() ? result.correct.to(at::kDouble) : loss * 0};
  for (const auto& [name, scalar] : result.scalars) {
    terms.push_back(scalar.reshape({}).to(terms.front().options()) * weight);
  }
  return terms;
}

void add(std::vector<at::Tensor>& sums, std::vector<at::Tensor> terms) {
  if (sums.empty()) {
    sums = std::move(terms);
  } else {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].add_(terms[i]);
  }
}

// Waits for the device. An accuracy of NaN stays: the task has none.
void read_means(const std::vector<at::Tensor>& sums, EvaluationRecord& record) {
  const auto totals = at::stack(sums).to(at::kCPU);
  const double* total = totals.const_data_ptr<double>();
  record.loss = total[0] / total[1];
  if (record.accuracy == 0) record.accuracy = total[2] / total[1];
  record.scalar_count = static_cast<std::uint32_t>(std::min(sums.size() - 3, max_scalars));
  for (std::uint32_t i = 0; i < record.scalar_count; ++i) record.scalars[i] = total[3 + i] / total[1];
}

}  // namespace

std::optional<EvaluationRecord> evaluate(const EvaluationPlan& plan, Model& model, const Task& task,
                                         const binade_policy& policy, c10::Device device) {
  const auto start = std::chrono::steady_clock::now();
  const at::NoGradGuard no_grad;
  const EvaluationMode evaluation_mode(model);
  const auto batches = batches_in(plan);
  auto loader = make_loader(plan, batches);
  BatchTensors batch(device);

  EvaluationRecord record;
  record.split = plan.split.name;
  std::vector<at::Tensor> sums;
  for (std::uint64_t number = 0; number < batches; ++number) {
    if (plan.stop_signal != nullptr && plan.stop_signal->load(std::memory_order_relaxed) != 0) return std::nullopt;
    if (plan.before_batch) plan.before_batch();
    batch.assign(loader.next());
    const auto result = task.run(model, batch, policy, device, /*training=*/false);
    add(sums, weighted_terms(result, static_cast<double>(batch.samples())));
    record.samples += static_cast<std::uint64_t>(batch.samples());
    record.accuracy = result.correct.defined() ? 0 : nan;
  }
  read_means(sums, record);
  record.seconds = seconds_since(start);
  return record;
}

Probe probe(const EvaluationPlan& plan, Model& model, const Task& task, const binade_policy& policy,
            c10::Device device) {
  const at::NoGradGuard no_grad;
  const EvaluationMode evaluation_mode(model);
  auto loader = make_loader(plan, 1);
  BatchTensors batch(device);
  batch.assign(loader.next());
  const auto result = task.run(model, batch, policy, device, /*training=*/false);

  auto names = names_of(result.scalars);
  return {std::move(names), huge_target_warning(task, batch, result)};
}

}  // namespace binade::host
