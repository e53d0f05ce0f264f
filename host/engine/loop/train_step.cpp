#include "host/engine/loop/train_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>

namespace binade::host {
namespace {

// Adds the time since the last call to the phase that ends. On a GPU these are the times of launching, but for the
// phase that reads the device.
class PhaseClock {
 public:
  explicit PhaseClock(StepRecord& record) : seconds_(record.phase_seconds), last_(Clock::now()) { seconds_.fill(0); }
  void end(Phase phase) {
    const auto now = Clock::now();
    seconds_[static_cast<std::size_t>(phase)] += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::array<double, phase_count>& seconds_;
  Clock::time_point last_;
};

// The failure of a plugin, with what the step knows of its batch.
class ShortBatchError : public PluginError {
 public:
  ShortBatchError(const PluginError& failure, const std::string& batch)
      : PluginError(failure), text_(fmt::format("{}; {}", failure.what(), batch)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

constexpr std::size_t loss_slot = 0, correct_slot = 1, counted_slot = 2, first_scalar_slot = 3;

}  // namespace

TrainStep::TrainStep(const Training& training)
    : training_(training), batch_(training.device), statistics_(training.model, training.precision.constants()) {}

void TrainStep::run(StepRecord& record) {
  auto& [model, task, batches, precision, scaler, optimizer, schedule, average, device, accumulated, clip_norm,
         sample_every, progress] = training_;
  PhaseClock clock(record);
  sums_.clear();
  samples_.clear();
  record.samples = record.tokens = 0;
  record.loss_scale = scaler.get_scale();
  record.learning_rate = schedule.lr();
  std::uint64_t first_targets = 0, all_targets = 0, micro_batch = 0;

  do {
    training_.enter(Activity::data, record.step);
    const auto& host_batch = batches.next();
    if (micro_batch == 0) begin(host_batch, record);
    batch_.assign(host_batch);
    samples_.insert(samples_.end(), host_batch.indices.begin(), host_batch.indices.end());
    const auto targets = task.targets(host_batch);
    if (micro_batch == 0) first_targets = std::max<std::uint64_t>(1, targets);
    all_targets += targets;
    record.samples += static_cast<std::uint64_t>(batch_.samples());
    clock.end(Phase::data);

    // Each micro-batch counts by its targets, so that their sum is the gradient of one large batch. How many there are
    // in all is known only at the end: until then the first one's number stands for the mean.
    training_.enter(Activity::forward, record.step);
    const double weight = static_cast<double>(targets) / static_cast<double>(first_targets);
    const auto result = forward(host_batch);
    accumulate(result, weight);
    clock.end(Phase::forward);

    training_.enter(Activity::backward, record.step);
    const double share = weight / static_cast<double>(micro_batches_);
    loss_ = scaler.scale(share == 1 ? result.loss : result.loss * share);
    model.backward(loss_);
    clock.end(Phase::backward);
  } while (++micro_batch < micro_batches_);
  loss_factor_ = static_cast<double>(first_targets * micro_batches_) /
                 static_cast<double>(std::max<std::uint64_t>(1, all_targets));
  if (task.is_token_loss()) record.tokens = all_targets;

  training_.enter(Activity::optimizer, record.step);
  take_gradients();
  sample_gradients(record);
  unscale_and_check(record);
  clock.end(Phase::unscale);

  const auto decision = ask_policy(record);
  clock.end(Phase::scaler);
  record.skipped = record.skip_cause != SkipCause::none;
  record.skipped_steps += record.skipped ? 1 : 0;
  if (!record.skipped) {
    clip(record);
    optimizer.step(gradients_, record.learning_rate, schedule.momentum());
    schedule.step();
    average.update();
  }
  zero_grad();
  loss_.reset();
  clock.end(Phase::optimizer);

  update_scale(record, decision);
  record.next_loss_scale = scaler.get_scale();
  record.growth_tracker = scaler.growth_tracker();
  clock.end(Phase::scaler);
}

// Where the step stands in its epoch, of which every number is the loader's.
void TrainStep::begin(const HostBatch& first, StepRecord& record) {
  const EpochPosition here{first.epoch, first.batch, first.epoch_batches};
  micro_batches_ = here.batches_of_step(training_.accumulate);
  position_ = here.behind(micro_batches_);
  record.epoch = here.epoch;
  record.epoch_progress = static_cast<double>(here.batch + micro_batches_) / static_cast<double>(here.batches);
}

TaskResult TrainStep::forward(const HostBatch& batch) {
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

void TrainStep::accumulate(const TaskResult& result, double weight) {
  const at::NoGradGuard no_grad;
  packed_.clear();
  packed_.push_back(result.told().detach().reshape({}).to(at::kFloat));
  if (weight != 1) packed_.front() = packed_.front() * weight;
  const auto zero = result.correct.defined() ? at::Tensor() : at::zeros({}, packed_.front().options());
  packed_.push_back(result.correct.defined() ? result.correct : zero);
  packed_.push_back(result.counted.defined() ? result.counted : zero);
  for (const auto& [name, scalar] : result.scalars) {
    packed_.push_back(scalar.detach().reshape({}).to(packed_.front().options()));
    if (weight != 1) packed_.back() = packed_.back() * weight;
  }
  if (sums_.empty()) {
    sums_ = packed_;
  } else {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = sums_[i] + packed_[i];
  }
}

void TrainStep::take_gradients() {
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
    throw std::runtime_error("no parameter got a gradient: the loss depends on none that is trained");
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
  const auto& options = sums_.front().options();
  if (loss_factor_ != 1) at::_foreach_mul_(present_, loss_factor_);
  const auto found_inf = training_.scaler.unscale(present_);
  packed_ = sums_;
  packed_.push_back(at::linalg_vector_norm(at::stack(at::_foreach_norm(present_, 2))).to(options));
  packed_.push_back(found_inf.defined() ? found_inf : at::zeros({}, options));

  const auto values = at::stack(packed_).to(at::kCPU).to(at::kDouble);
  const double* value = values.const_data_ptr<double>();
  const auto micro_batches = static_cast<double>(micro_batches_);
  record.loss = value[loss_slot] / micro_batches * loss_factor_;
  record.accuracy = value[counted_slot] > 0 ? value[correct_slot] / value[counted_slot] : nan;
  record.scalar_count = static_cast<std::uint32_t>(std::min(sums_.size() - first_scalar_slot, max_scalars));
  for (std::uint32_t i = 0; i < record.scalar_count; ++i) {
    record.scalars[i] = value[first_scalar_slot + i] / micro_batches * loss_factor_;
  }
  record.cross_entropy = cross_entropy(record);
  record.gradient_norm = value[sums_.size()];
  record.clipped_norm = record.gradient_norm;

  if (record.skipped) record.nonfinite = {};  // of the step before
  record.skip_cause = SkipCause::none;
  if (!std::isfinite(record.loss)) {
    record.skip_cause = SkipCause::loss;
  } else if (value[sums_.size() + 1] != 0 || !std::isfinite(record.gradient_norm)) {
    // Checked again after unscaling, which PyTorch does not: a gradient can be finite and its unscaled value not.
    record.skip_cause = statistics_.find_nonfinite(gradients_, loss_, record.nonfinite);
  }
}

double TrainStep::cross_entropy(const StepRecord& record) const {
  if (!training_.task.is_classification()) return nan;
  return training_.task.smooths_labels() ? record.scalars.front() : record.loss;
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

void TrainStep::update_scale(StepRecord& record, const std::optional<binade_decision>& decision) {
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
    scaler.update(record.loss_scale);  // a fault of the model or the data, which no other scale would mend
  } else {
    scaler.update();
  }
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
}

}  // namespace binade::host
