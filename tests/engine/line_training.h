// The training of y = x w on four rows, with faults on demand.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include <memory>
#include <optional>

#include "host/engine/loop/train_step.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host::testing {

class LineTraining {
 public:
  struct Setting {
    std::uint64_t batch_size = 4, accumulate = 1;
    double clip_norm = 0, lr = 0.01, ema_decay = 0;
    OptimizerSettings optimizer = sgd();
  };

  explicit LineTraining(PrecisionPolicy& precision) : LineTraining(precision, Setting()) {}
  LineTraining(PrecisionPolicy& precision, Setting setting) : setting_(std::move(setting)) {
    at::set_num_threads(1);  // threads would only wait for each other
    Rows::x = {{1}, {2}, {3}, {4}};
    Rows::y = {{2}, {4}, {6}, {8}};
    TensorModel::parameters = {{"w", weight_}};
    TensorModel::forward = [this](const auto& inputs) { return forward(inputs[0]); };
    dataset_ = std::make_unique<Dataset>(dataset_plugin<Rows>(), OptionTable{});
    split_ = dataset_->split("train");
    Sampler sampler(split_.size, setting_.batch_size, Order::sequential, true, 0, Shard{});
    batches_ = std::make_unique<BatchLoader>(*dataset_, split_, std::move(sampler), true, 0, 0, 1, 0, 0);
    model_ = std::make_unique<Model>(TensorModel::plugin(), OptionTable{}, std::vector<std::string>{"x"}, cpu);
    task_ = std::make_unique<Task>(task_settings_, *dataset_, *model_);
    training_ = std::make_unique<Training>(make_training({.model = *model_,
                                                          .task = *task_,
                                                          .batches = *batches_,
                                                          .precision = precision,
                                                          .parameters = one_group(*model_, 0),
                                                          .optimizer = setting_.optimizer,
                                                          .schedule = cosine_schedule(0, 0),
                                                          .lr = setting_.lr,
                                                          .schedule_steps = 1000,
                                                          .ema_decay = setting_.ema_decay,
                                                          .accumulate = setting_.accumulate,
                                                          .clip_norm = setting_.clip_norm}));
    step_ = std::make_unique<TrainStep>(*training_);
  }
  LineTraining(const LineTraining&) = delete;
  LineTraining& operator=(const LineTraining&) = delete;

  // Multiplies the gradient of the output by this in the micro-batch of that number, counted from 0 within a step.
  struct Fault {
    double factor = 1;
    std::uint64_t micro_batch = 0;
  };
  const StepRecord& step(std::optional<Fault> fault = {}) {
    fault_ = fault;
    micro_batch_ = 0;
    ++record_.step;
    step_->run(record_);
    return record_;
  }

  float weight() const { return weight_.item<float>(); }
  bool weights_are_finite() const { return std::isfinite(weight()); }
  GradScaler& scaler() { return training_->scaler; }
  Schedule& schedule() { return training_->schedule; }
  // What an evaluation would use.
  float averaged_weight() {
    const WeightAverage::Applied applied(training_->average);
    return weight();
  }

 private:
  at::Tensor forward(const at::Tensor& x) {
    const auto y = at::linear(x, weight_);
    if (fault_ && fault_->micro_batch == micro_batch_++) {
      const double factor = fault_->factor;
      y.register_hook([factor](const at::Tensor& gradient) { return gradient * factor; });
    }
    return y;
  }

  inline static const c10::Device cpu{c10::kCPU};
  Setting setting_;
  TaskSettings task_settings_ = task_settings("mse", "y");
  at::Tensor weight_ = at::zeros({1, 1}).requires_grad_(true);
  std::optional<Fault> fault_;
  std::uint64_t micro_batch_ = 0;
  std::unique_ptr<Dataset> dataset_;
  Split split_;
  std::unique_ptr<BatchLoader> batches_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Training> training_;
  std::unique_ptr<TrainStep> step_;
  StepRecord record_;
};

}  // namespace binade::host::testing
