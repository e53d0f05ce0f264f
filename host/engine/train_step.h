// The training step: one optimizer step over one or more micro-batches.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "host/data/batch_loader.h"
#include "host/engine/grad_scaler.h"
#include "host/engine/optimizers.h"
#include "host/engine/schedules.h"
#include "host/engine/task.h"
#include "host/engine/weight_average.h"
#include "host/telemetry/events.h"

namespace binade::host {

// What a step works with. All of it outlives the step.
struct Training {
  Model& model;
  const Task& task;
  BatchLoader& batches;
  const binade_policy& policy;
  GradScaler& scaler;
  Optimizer& optimizer;
  Schedule& schedule;
  WeightAverage& average;
  c10::Device device;
  std::uint64_t accumulate;  // micro-batches per step
  double clip_norm;          // 0: no clipping
};

class TrainStep {
 public:
  explicit TrainStep(const Training& training);

  // Trains on the next micro-batches and fills `record`, but for the members step, time and epoch_progress. Waits for
  // the device once, for one packed copy of found_inf, norm, loss, accuracy and scalars. Skipped, without a change of
  // weights, optimizer, schedule and average, is a step whose gradients overflow, which backs the scale off; and one
  // whose loss is not finite, which leaves the scale alone.
  void run(StepRecord& record);

  // Of the last step, in the order in which they were drawn: positions in the plugin's split.
  const std::vector<std::uint64_t>& samples() const { return samples_; }

  // Names of parameters that require grad and got none in the last step.
  const std::vector<std::string>& parameters_without_gradient() const { return without_gradient_; }

 private:
  void accumulate(const TaskResult& result, double weight);
  void take_gradients();
  bool unscale_and_check(StepRecord& record);
  void clip(StepRecord& record);
  void zero_grad();

  Training training_;
  BatchTensors batch_;
  double loss_factor_ = 1;             // of the sums below, when micro-batches had different numbers of targets
  std::vector<at::Tensor> gradients_;  // one per trainable parameter, undefined where there is none
  std::vector<at::Tensor> present_;    // those that are defined
  std::vector<at::Tensor> sums_;       // over micro-batches: loss, correct, counted, then the model's scalars
  std::vector<at::Tensor> packed_;     // device scalars that one copy brings to the host
  std::vector<std::string> without_gradient_;
  std::vector<std::uint64_t> samples_;
};

}  // namespace binade::host
