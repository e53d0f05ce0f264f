// The training step: one optimizer step over one or more micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "host/data/epoch.h"
#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/loop/loss_sums.h"
#include "host/engine/loop/phase_clock.h"
#include "host/engine/loop/training.h"
#include "host/events/events.h"

namespace binade::host {

class TrainStep {
 public:
  // `training` must outlive this.
  explicit TrainStep(Training& training);

  // Trains on the next micro-batches as step `record.step` and fills `record`, except for step, time, seconds and the
  // seconds of logging. Takes fewer micro-batches at the end of an epoch that has fewer left. Waits for the device
  // once, for one packed copy of found_inf, norm, loss, accuracy and scalars; once more where gradients are sampled,
  // and where a step is skipped, to learn why. A step is skipped, without a change of weights, optimizer, schedule and
  // average, when its gradients overflow, which backs the scale off; when its loss is not finite, which leaves the
  // scale alone; and when the precision policy decides so.
  void run(StepRecord& record);

  // Of the last step; nullptr when its gradients were not sampled.
  const GradientSample* gradient_sample() const { return sampled_ ? &statistics_.sample() : nullptr; }

  const std::vector<std::string>& gradient_groups() const { return statistics_.group_names(); }

  // After the last step.
  const EpochPosition& position() const { return position_; }
  std::uint64_t micro_batches() const { return micro_batches_; }  // of the last step

  // Of the last step, in the order in which they were drawn: positions in the plugin's split.
  const std::vector<std::uint64_t>& samples() const { return samples_; }

  // Names of parameters that require grad and got none in the last step.
  const std::vector<std::string>& parameters_without_gradient() const { return without_gradient_; }

 private:
  void start(StepRecord& record);
  const HostBatch& next_batch(StepRecord& record);
  TaskResult forward(const HostBatch& batch);
  void backward(const TaskResult& result);
  void take_gradients();
  void sample_gradients(const StepRecord& record);
  void unscale_and_check(StepRecord& record);
  std::optional<binade_decision> decide(StepRecord& record);
  void clip(StepRecord& record);
  void zero_grad();
  void update_scale(StepRecord& record, const std::optional<binade_decision>& decision);

  void locate(const HostBatch& first, StepRecord& record);
  TaskResult run_task(const HostBatch& batch);
  double cross_entropy(const StepRecord& record) const;
  std::optional<binade_decision> ask_policy(StepRecord& record);

  bool is_due(std::uint64_t step, std::uint64_t every) const { return every != 0 && (step - 1) % every == 0; }

  Training& training_;
  PhaseClock clock_;
  BatchTensors batch_;
  LossSums sums_;
  GradientStatistics statistics_;
  bool sampled_ = false;
  EpochPosition position_;
  std::uint64_t micro_batch_ = 0, micro_batches_ = 0;  // the current one, and how many the step has
  std::uint64_t first_targets_ = 0, all_targets_ = 0;  // of the first micro-batch, and of all until now
  double weight_ = 1;                                  // of the current micro-batch
  double loss_factor_ = 1;                             // mends the sums when micro-batches differ in their targets
  at::Tensor loss_;                                    // of the last micro-batch: its graph has the order of gradients
  std::vector<at::Tensor> gradients_;                  // one per trainable parameter, undefined where there is none
  std::vector<at::Tensor> present_;                    // the defined ones
  std::vector<std::string> without_gradient_;
  std::vector<std::uint64_t> samples_;
};

}  // namespace binade::host
