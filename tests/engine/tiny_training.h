// A tiny classifier, trained by TrainStep and by a bare loop over the same LibTorch calls: what is between the two is
// the host's own.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "host/engine/loop/train_step.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host::testing {

class TinyTraining {
 public:
  static constexpr std::int64_t features = 8, units = 16, classes = 4, batch_size = 16, full_rows = 64;

  // `short_last`: rows of the last batch of an epoch; 0: a full one.
  explicit TinyTraining(std::int64_t short_last = 0) {
    const auto rows = static_cast<std::size_t>(full_rows + short_last);
    at::set_num_threads(1);
    at::manual_seed(1);
    LabelledRows::features.assign(rows, std::vector<float>(features, 0.5f));
    LabelledRows::labels.assign(rows, 1);
    TensorModel::parameters.clear();
    for (const auto& [name, shape] : std::initializer_list<std::pair<const char*, std::vector<std::int64_t>>>{
             {"w0", {units, features}}, {"b0", {units}}, {"w1", {classes, units}}, {"b1", {classes}}}) {
      TensorModel::parameters.emplace_back(name, (at::randn(shape) * 0.1).requires_grad_(true));
    }
    TensorModel::forward = [](const std::vector<at::Tensor>& inputs) { return forward(inputs[0]); };
    dataset_ = std::make_unique<Dataset>(dataset_plugin<LabelledRows>(), OptionTable{});
    split_ = dataset_->split("train");
    batches_ = std::make_unique<BatchLoader>(
        *dataset_, split_, Sampler(rows, batch_size, Order::shuffled, false, 1, Shard{}), true, 1, 0, 1, 0, 0);
    model_ = std::make_unique<Model>(TensorModel::plugin(), OptionTable{}, std::vector<std::string>{"features"}, cpu);
    task_ = std::make_unique<Task>(task_settings_, *dataset_, *model_);
    training_ = std::make_unique<Training>(make_training({.model = *model_,
                                                          .task = *task_,
                                                          .batches = *batches_,
                                                          .precision = precision_,
                                                          .parameters = one_group(*model_, 0.01),
                                                          .optimizer = adamw(),
                                                          .schedule = constant_schedule(),
                                                          .lr = 1e-3,
                                                          .clip_norm = clip_norm}));
    step_ = std::make_unique<TrainStep>(*training_);
  }

  void step() {
    ++record_.step;
    step_->run(record_);
  }
  double loss() const { return record_.loss; }

  // The same operations without the host around them.
  double bare_step() {
    const auto& batch = batches_->next();
    const auto samples = static_cast<std::int64_t>(batch.indices.size());
    const auto x = at::from_blob(batch.fields[0].data, {samples, features}, at::kFloat);
    const auto label = at::from_blob(batch.fields[1].data, {samples}, at::kLong);
    const auto logits = forward(x);
    const auto flat = logits.reshape({-1, classes});
    const auto target = label.reshape({-1});
    const auto loss = at::cross_entropy_loss(flat.to(at::kFloat), target);
    at::Tensor sums[3];
    {
      const at::NoGradGuard no_grad;
      sums[1] = flat.argmax(-1).eq(target).sum().to(at::kFloat);
      sums[2] = target.ne(-100).sum().to(at::kFloat);
      sums[0] = loss.detach().reshape({}).to(at::kFloat);
    }
    loss.backward();
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients;
    for (const auto& [name, parameter] : TensorModel::parameters) gradients.push_back(parameter.grad());
    const auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)));
    const auto zero = at::zeros({}, norm.options());
    const auto values = at::stack({sums[0], sums[1], sums[2], norm, zero}).to(at::kCPU).to(at::kDouble);
    const double* value = values.const_data_ptr<double>();
    if (clip_norm / (value[3] + 1e-6) < 1) at::_foreach_mul_(gradients, clip_norm / (value[3] + 1e-6));
    training_->optimizer->step(gradients, 1e-3);
    for (const auto& [name, parameter] : TensorModel::parameters) parameter.mutable_grad().reset();
    return value[0];
  }

 private:
  static at::Tensor forward(const at::Tensor& x) {
    const auto& parameters = TensorModel::parameters;
    return at::linear(at::relu(at::linear(x, parameters[0].second, parameters[1].second)), parameters[2].second,
                      parameters[3].second);
  }

  static constexpr double clip_norm = 1.0;
  inline static const c10::Device cpu{c10::kCPU};
  TaskSettings task_settings_ = task_settings("cross_entropy", "label");
  std::unique_ptr<Dataset> dataset_;
  Split split_;
  std::unique_ptr<BatchLoader> batches_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Task> task_;
  PrecisionPolicy precision_{fp32_policy};
  std::unique_ptr<Training> training_;
  StepRecord record_;
  std::unique_ptr<TrainStep> step_;
};

}  // namespace binade::host::testing
