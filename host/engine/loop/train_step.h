// The training step: one optimizer step over one or more micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "host/data/batch_loader.h"
#include "host/data/epoch.h"
#include "host/engine/amp/grad_scaler.h"
#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/amp/precision_policy.h"
#include "host/engine/model/task.h"
#include "host/engine/optim/optimizers.h"
#include "host/engine/optim/schedules.h"
#include "host/engine/optim/weight_average.h"
#include "host/events/events.h"
#include "host/events/progress.h"

namespace binade::host {

// What a step works with. All of it outlives the step.
struct Training {
  Model& model;
  const Task& task;
  BatchLoader& batches;
  PrecisionPolicy& precision;
  GradScaler& scaler;
  Optimizer& optimizer;
  Schedule& schedule;
  WeightAverage& average;
  c10::Device device;
  std::uint64_t accumulate;                  // micro-batches per step; the last step of an epoch takes what is left
  double clip_norm;                          // 0: no clipping
  std::uint64_t sample_gradients_every = 0;  // steps; 0: never
  Progress* progress = nullptr;              // told what the thread is in

  void enter(Activity activity, std::uint64_t step) const {
    if (progress != nullptr) progress->enter(activity, step);
  }
};

class TrainStep {
 public:
  explicit TrainStep(const Training& training);

  // Trains on the next micro-batches as step `record.step` and fills `record`, but for the members step, time and
  // seconds. Where the epoch has fewer micro-batches left than a step takes, the step is on those. Waits for the device
  // once, for one packed copy of found_inf, norm, loss, accuracy and scalars; once more where gradients are sampled,
  // and where a step is skipped, to learn why. Skipped, without a change of weights, optimizer, schedule and average,
  // is a step whose gradients overflow, which backs the scale off; one whose loss is not finite, which leaves the scale
  // alone; and one that the precision policy wants skipped.
  void run(StepRecord& record);

  // Of the last step, where its gradients were sampled; else nullptr.
  const GradientSample* gradient_sample() const { return sampled_ ? &statistics_.sample() : nullptr; }

  const std::vector<std::string>& gradient_groups() const { return statistics_.group_names(); }

  // Behind the last step.
  const EpochPosition& position() const { return position_; }
  std::uint64_t micro_batches() const { return micro_batches_; }  // of the last step

  // Of the last step, in the order in which they were drawn: positions in the plugin's split.
  const std::vector<std::uint64_t>& samples() const { return samples_; }

  // Names of parameters that require grad and got none in the last step.
  const std::vector<std::string>& parameters_without_gradient() const { return without_gradient_; }

 private:
  void begin(const HostBatch& first, StepRecord& record);
  TaskResult forward(const HostBatch& batch);
  void accumulate(const TaskResult& result, double weight);
  void take_gradients();
  void sample_gradients(const StepRecord& record);
  void unscale_and_check(StepRecord& record);
  double cross_entropy(const StepRecord& record) const;
  std::optional<binade_decision> ask_policy(StepRecord& record);
  void update_scale(StepRecord& record, const std::optional<binade_decision>& decision);
  void clip(StepRecord& record);
  void zero_grad();

  bool is_due(std::uint64_t step, std::uint64_t every) const { return every != 0 && (step - 1) % every == 0; }

  Training training_;
  BatchTensors batch_;
  GradientStatistics statistics_;
  bool sampled_ = false;
  EpochPosition position_;
  std::uint64_t micro_batches_ = 0;
  at::Tensor loss_;         // of the last micro-batch, for its graph: the order in which it produced gradients
  double loss_factor_ = 1;  // of the sums below, when micro-batches had different numbers of targets
  std::vector<at::Tensor> gradients_;  // one per trainable parameter, undefined where there is none
  std::vector<at::Tensor> present_;    // those that are defined
  std::vector<at::Tensor> sums_;       // over micro-batches: loss, correct, counted, the model's scalars
  std::vector<at::Tensor> packed_;     // device scalars that one copy brings to the host
  std::vector<std::string> without_gradient_;
  std::vector<std::uint64_t> samples_;
};

}  // namespace binade::host
