// What is learned: the loss between the model's output and a field of the dataset, and the accuracy.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "binade/abi/precision.h"
#include "host/engine/model/model.h"
#include "host/engine/model/target_scale.h"
#include "host/experiment/settings.h"

namespace binade::host {

// Results stay on the device, so that nothing waits for it.
struct TaskResult {
  at::Tensor loss;                   // mean over the counted targets, with gradient
  at::Tensor in_own_units;           // of a standardized target: the loss in the target's own units, without gradient
  at::Tensor correct;                // float, number of correct predictions; undefined where a task has none
  at::Tensor counted;                // float, number of targets that count; undefined: the batch's samples
  std::vector<NamedTensor> scalars;  // of a model's own loss; with label smoothing `unsmoothed_loss`

  // The loss that is recorded and compared; `loss` is minimised.
  const at::Tensor& told() const { return in_own_units.defined() ? in_own_units : loss; }
};

class Task {
 public:
  // `settings`: [task], wired to the dataset. Throws std::runtime_error when loss or target is missing,
  // when the target is not a field of the dataset, or when a model without loss() is to use it.
  Task(const TaskSettings& settings, const Dataset& dataset, const Model& model);

  // Runs forward(), and a model's own loss(), under autocast when `policy` says so. The loss of the task and the
  // accuracy are computed in fp32, outside autocast, the latter without gradient. The loss is fp32 whatever the model
  // returns. Targets beyond a sample's length (padding) do not count. Labels are smoothed in training only, so that
  // losses of evaluations are comparable, and exp(loss) is the perplexity; that of a training step is exp of the scalar
  // `unsmoothed_loss`. Throws std::runtime_error when shapes do not fit, and for a target that is not one of the
  // model's classes, naming the sample.
  TaskResult run(Model& model, const BatchTensors& batch, const binade_policy& policy, c10::Device device,
                 bool training) const;

  // Makes the model learn (target - mean) / deviation. Must be called before run(). Throws std::runtime_error where the
  // loss is not "mse".
  void standardize(TargetScale scale, c10::Device device);
  const TargetScale* target_scale() const { return scale_ ? &*scale_ : nullptr; }

  const std::string& loss_name() const { return loss_; }
  const std::string& target() const { return target_; }  // empty where loss = "model"
  bool smooths_labels() const { return label_smoothing_ != 0; }
  bool is_token_loss() const { return loss_ == "next_token"; }
  bool is_classification() const { return loss_ == "next_token" || loss_ == "cross_entropy"; }

  // The number of targets that the loss of this batch is the mean over, as far as the host knows: without padding, and
  // for a token loss without tokens that have no successor. (A dataset's own ignored targets are counted.)
  std::uint64_t targets(const HostBatch& batch) const;

 private:
  void regress(const at::Tensor& output, const BatchTensors& batch, TaskResult& result) const;
  void classify(const at::Tensor& logits, const BatchTensors& batch, bool training, TaskResult& result) const;
  void require_targets_below(const HostBatch& batch, std::int64_t classes) const;
  at::Tensor masked_target(const BatchTensors& batch) const;

  std::string loss_, target_;
  std::string target_length_;  // the field with the lengths of a padded target
  double label_smoothing_ = 0;
  std::optional<TargetScale> scale_;
  at::Tensor mean_, deviation_;  // of scale_, fp64 on the run's device
};

}  // namespace binade::host
