#include "host/engine/loop/train_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

namespace binade::host {
namespace {

// The failure of a plugin, with a note about its batch.
class ShortBatchError : public PluginError {
 public:
  ShortBatchError(const PluginError& failure, const std::string& batch)
      : PluginError(failure), text_(fmt::format("{}; {}", failure.what(), batch)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

}  // namespace

TrainStep::TrainStep(Training& training)
    : training_(training),
      clock_(training.progress),
      batch_(training.device),
      statistics_(training.model, training.precision.constants()) {}

void TrainStep::run(StepRecord& record) {
  start(record);
  do {
    const auto& batch = next_batch(record);
    const auto result = forward(batch);
    backward(result);
  } while (++micro_batch_ < micro_batches_);
  {
    const PhaseScope phase(clock_, Phase::unscale);
    take_gradients();
    sample_gradients(record);
    unscale_and_check(record);
  }
  const auto decision = decide(record);
  {
    const PhaseScope phase(clock_, Phase::optimizer);
    if (!record.skipped) {
      clip(record);
      training_.optimizer->step(gradients_, record.learning_rate, training_.schedule.momentum());
      training_.schedule.step();
      training_.average.update();
    }
    zero_grad();
  }
  update_scale(record, decision);
}

void TrainStep::start(StepRecord& record) {
  clock_.start(record.step, record.phase_seconds);
  sums_.clear();
  samples_.clear();
  micro_batch_ = all_targets_ = 0;
  record.samples = record.tokens = 0;
  record.loss_scale = training_.scaler.get_scale();
  record.learning_rate = training_.schedule.lr();
}

// Each micro-batch counts by its targets, so that their sum is the gradient of one large batch. How many there are in
// all is known only at the end: until then the first one's number stands for the mean.
const HostBatch& TrainStep::next_batch(StepRecord& record) {
  const PhaseScope phase(clock_, Phase::data);
  const auto& batch = training_.batches.next();
  if (micro_batch_ == 0) locate(batch, record);
  batch_.assign(batch);
  samples_.insert(samples_.end(), batch.indices.begin(), batch.indices.end());
  const auto targets = training_.task.targets(batch);
  if (micro_batch_ == 0) first_targets_ = std::max<std::uint64_t>(1, targets);
  all_targets_ += targets;
  weight_ = static_cast<double>(targets) / static_cast<double>(first_targets_);
  record.samples += static_cast<std::uint64_t>(batch_.samples());
  if (training_.task.is_token_loss()) record.tokens = all_targets_;
  return batch;
}

// Fills in the step's place in its epoch, as the loader counts it.
void TrainStep::locate(const HostBatch& first, StepRecord& record) {
  const EpochPosition here{first.epoch, first.batch, first.epoch_batches};
  micro_batches_ = here.batches_of_step(training_.accumulate);
  position_ = here.behind(micro_batches_);
  record.epoch = here.epoch;
  record.epoch_progress = static_cast<double>(here.batch + micro_batches_) / static_cast<double>(here.batches);
}

TaskResult TrainStep::forward(const HostBatch& batch) {
  const PhaseScope phase(clock_, Phase::forward);
  auto result = run_task(batch);
  sums_.add(result, weight_);
  return result;
}

void TrainStep::backward(const TaskResult& result) {
  const PhaseScope phase(clock_, Phase::backward);
  const double share = weight_ / static_cast<double>(micro_batches_);
  loss_ = training_.scaler.scale(share == 1 ? result.loss : result.loss * share);
  training_.model.backward(loss_);
}

TaskResult TrainStep::run_task(const HostBatch& batch) {
  try {
    return training_.task.run(training_.model, batch_, training_.precision.constants(), training_.device,
                              /*training=*/true);
  } catch (const PluginError& error) {
    const auto samples = batch.indices.size();
    if (samples >= batch.batch_size || batch.epoch_batches < 2) throw;
    throw ShortBatchError(
        error, fmt::format("this was the last batch of epoch {}, which has {} sample{} where the others have {}: "
                           "[train] drop_last = true leaves it out, for models that cannot train on so few (batch "
                           "normalization needs two)",
                           batch.epoch, samples, samples == 1 ? "" : "s", batch.batch_size));
  }
}

void TrainStep::take_gradients() {
  loss_factor_ = static_cast<double>(first_targets_ * micro_batches_) /
                 static_cast<double>(std::max<std::uint64_t>(1, all_targets_));
  gradients_.clear();
  present_.clear();
  without_gradient_.clear();
  for (const auto& [name, parameter] : training_.model.parameters()) {
    if (!parameter.requires_grad()) continue;
    const auto& gradient = parameter.grad();
    gradients_.push_back(gradient.defined() && gradient.is_sparse() ? gradient.to_dense() : gradient);
    if (gradients_.back().defined()) {
      present_.push_back(gradients_.back());
    } else {
      without_gradient_.push_back(name);
    }
  }
  if (present_.empty()) {
    throw std::runtime_error("no parameter got a gradient: the loss does not depend on any trained parameter");
  }
}

void TrainStep::sample_gradients(const StepRecord& record) {
  const bool for_policy =
      training_.precision.decides() &&
      is_due(record.step, static_cast<std::uint64_t>(training_.precision.constants().exponents_every));
  sampled_ = for_policy || is_due(record.step, training_.sample_gradients_every);
  if (sampled_) statistics_.count(gradients_, record);
}

void TrainStep::unscale_and_check(StepRecord& record) {
  const at::NoGradGuard no_grad;
  if (loss_factor_ != 1) at::_foreach_mul_(present_, loss_factor_);
  const auto unscaled = training_.scaler.unscale(present_);
  const auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(present_, 2))).to(sums_.options());
  const bool found_inf = sums_.read(norm, unscaled, loss_factor_, record);
  record.cross_entropy = cross_entropy(record);
  record.clipped_norm = record.gradient_norm;

  if (record.skipped) record.nonfinite = {};  // of the previous step
  record.skip_cause = SkipCause::none;
  if (!std::isfinite(record.loss)) {
    record.skip_cause = SkipCause::loss;
  } else if (found_inf || !std::isfinite(record.gradient_norm)) {
    // Checked again after unscaling, which PyTorch does not: a gradient can be finite and its unscaled value not.
    record.skip_cause = statistics_.find_nonfinite(gradients_, loss_, record.nonfinite);
  }
}

double TrainStep::cross_entropy(const StepRecord& record) const {
  if (!training_.task.is_classification()) return nan;
  return training_.task.smooths_labels() ? record.scalars.front() : record.loss;
}

// Whether the weights are updated, and what the policy says of the next scale.
std::optional<binade_decision> TrainStep::decide(StepRecord& record) {
  const PhaseScope phase(clock_, Phase::scaler);
  const auto decision = ask_policy(record);
  record.skipped = record.skip_cause != SkipCause::none;
  record.skipped_steps += record.skipped ? 1 : 0;
  return decision;
}

std::optional<binade_decision> TrainStep::ask_policy(StepRecord& record) {
  auto& precision = training_.precision;
  if (!precision.decides() || record.skip_cause == SkipCause::loss) return std::nullopt;
  const bool told = sampled_ && is_due(record.step, static_cast<std::uint64_t>(precision.constants().exponents_every));
  const bool found_inf = record.skip_cause != SkipCause::none;
  const auto decision =
      precision.update({sizeof(binade_outcome), found_inf ? 1u : 0u, record.step, record.loss_scale, record.loss,
                        record.gradient_norm, told ? statistics_.all_counts().data() : nullptr});
  if (decision.apply == 0 && !found_inf) record.skip_cause = SkipCause::policy;
  return decision;
}

// torch.nn.utils.clip_grad_norm_: the factor is clip_norm / (norm + 1e-6), at most 1.
void TrainStep::clip(StepRecord& record) {
  if (training_.clip_norm == 0) return;
  const double factor = training_.clip_norm / (record.gradient_norm + 1e-6);
  if (factor >= 1) return;
  const at::NoGradGuard no_grad;
  at::_foreach_mul_(present_, factor);
  record.clipped_norm = record.gradient_norm * factor;
}

// Undefined rather than zero: the next backward then hands its buffers over instead of adding into old ones.
void TrainStep::zero_grad() {
  for (const auto& [name, parameter] : training_.model.parameters()) {
    if (parameter.requires_grad()) parameter.mutable_grad().reset();
  }
  gradients_.clear();
  present_.clear();
  loss_.reset();
}

void TrainStep::update_scale(StepRecord& record, const std::optional<binade_decision>& decision) {
  const PhaseScope phase(clock_, Phase::scaler);
  auto& scaler = training_.scaler;
  const auto& precision = training_.precision;
  record.refused_scale = false;
  record.at_min_scale = scaler.enabled() && record.loss_scale <= precision.constants().min_scale;
  scaler.step(record.skipped);
  if (decision) {
    const auto scale = precision.next_scale(*decision);
    record.refused_scale = !scale;
    scaler.update(scale.value_or(record.loss_scale));
  } else if (record.skip_cause == SkipCause::loss) {
    scaler.update(record.loss_scale);  // the fault lies in the model or the data: another scale would not help
  } else {
    scaler.update();
  }
  record.next_loss_scale = scaler.get_scale();
  record.growth_tracker = scaler.growth_tracker();
}

}  // namespace binade::host
