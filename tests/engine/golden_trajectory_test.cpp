// Replays trainings that PyTorch recorded, through TrainStep: losses, norms, rates, scales, skips and weights.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>

#include <cmath>

#include "host/engine/train_step.h"
#include "tests/engine/goldens.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using testing::Json;
using testing::LabelledRows;
using testing::Rows;
using testing::TensorModel;

// goldens/README.md: what other CPU kernels move, with room to spare.
struct Tolerance {
  double loss, norm, checksum;
};
Tolerance tolerance(const std::string& precision) {
  if (precision == "amp_fp16") return {3e-4, 6e-4, 1e-4};
  if (precision == "amp_bf16") return {2e-4, 1e-3, 1e-4};
  return {1e-5, 1e-5, 1e-5};
}

at::Tensor tensor_of(const Json& numbers) {
  std::vector<float> values;
  std::vector<std::int64_t> shape;
  for (const auto* level = &numbers; level->is_array(); level = &level->front()) {
    shape.push_back(static_cast<std::int64_t>(level->size()));
  }
  const auto flat = numbers.front().is_array() ? numbers : Json::array({numbers});
  for (const auto& row : flat) {
    for (const auto& value : row) values.push_back(value.get<float>());
  }
  return at::from_blob(values.data(), shape, at::kFloat).clone();
}

binade_policy policy_of(const Json& run) {
  auto policy = testing::fp32_policy;
  if (run["precision"] == "amp_fp16") policy.compute_dtype = BINADE_FLOAT16;
  if (run["precision"] == "amp_bf16") policy.compute_dtype = BINADE_BFLOAT16;
  policy.autocast = run["precision"] == "fp32" ? 0 : 1;
  if (const auto& scaler = run["scaler"]; !scaler.is_null()) {
    policy.dynamic_scaling = 1;
    policy.init_scale = scaler["init_scale"];
    policy.growth_factor = scaler["growth_factor"];
    policy.backoff_factor = scaler["backoff_factor"];
    policy.growth_interval = scaler["growth_interval"];
    policy.min_scale = 0;  // PyTorch has no floor
  }
  return policy;
}

void set_up_model(const Json& run) {
  TensorModel::parameters.clear();
  const auto& params = run["params"];
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto name = (i % 2 == 0 ? "w" : "b") + std::to_string(i / 2);
    TensorModel::parameters.emplace_back(name, tensor_of(params[i]).requires_grad_(true));
  }
  const bool gelu = run["activation"] == "gelu";
  TensorModel::forward = [gelu](const std::vector<at::Tensor>& inputs) {
    auto h = inputs[0];
    const auto& parameters = TensorModel::parameters;
    for (std::size_t layer = 0; layer * 2 < parameters.size(); ++layer) {
      h = at::linear(h, parameters[2 * layer].second, parameters[2 * layer + 1].second);
      if ((layer + 1) * 2 < parameters.size()) h = gelu ? at::gelu(h) : at::tanh(h);
    }
    return h;
  };
}

Dataset dataset_of(const Json& run) {
  const auto& data = run["data"];
  if (run["loss"] == "mse") {
    Rows::x = data["inputs"].get<std::vector<std::vector<float>>>();
    Rows::y = data["targets"].get<std::vector<std::vector<float>>>();
    return Dataset(testing::dataset_plugin<Rows>(), OptionTable{});
  }
  LabelledRows::features = data["inputs"].get<std::vector<std::vector<float>>>();
  LabelledRows::labels = data["targets"].get<std::vector<std::int64_t>>();
  return Dataset(testing::dataset_plugin<LabelledRows>(), OptionTable{});
}

testing::Options optimizer_of(const Json& run) {
  const auto& optimizer = run["optimizer"];
  if (optimizer["type"] == "adamw") return testing::adamw();
  return testing::sgd(optimizer["momentum"], optimizer["nesterov"]);
}

testing::Options schedule_of(const Json& run) {
  const auto& schedule = run["schedule"];
  if (schedule["type"] == "constant") return testing::constant_schedule();
  return testing::cosine_schedule(schedule["warmup_steps"], schedule["min_lr"]);
}

// checksum: sum of p[i] (1 + i % 7) over all parameters, flattened; param_norm: their norm. Both in double.
std::pair<double, double> checksum() {
  double sum = 0, squares = 0;
  std::int64_t i = 0;
  for (const auto& [name, parameter] : TensorModel::parameters) {
    const float* values = parameter.const_data_ptr<float>();
    for (std::int64_t k = 0; k < parameter.numel(); ++k, ++i) {
      sum += static_cast<double>(values[k]) * static_cast<double>(1 + i % 7);
      squares += static_cast<double>(values[k]) * static_cast<double>(values[k]);
    }
  }
  return {sum, std::sqrt(squares)};
}

void replay(const Json& run) {
  set_up_model(run);
  const auto dataset = dataset_of(run);
  const auto split = dataset.split("train", 0);
  Model model(TensorModel::plugin(), OptionTable{}, {dataset.fields().front().name}, c10::Device(c10::kCPU));
  const auto task_options =
      run["loss"] == "mse" ? testing::task_options("mse", "y") : testing::task_options("cross_entropy", "label");
  const Task task(task_options.table(), dataset, model);
  BatchLoader batches(dataset, split,
                      Sampler(split.size, run["data"]["micro_batch_size"], Order::sequential, true, 0, Shard{}), true,
                      0, 0, 1, 0, 0);
  PrecisionPolicy precision(policy_of(run));
  GradScaler scaler(precision.constants());
  const double weight_decay = run["optimizer"]["weight_decay"];
  const auto optimizer = make_optimizer(optimizer_of(run).table(), testing::one_group(model, weight_decay));
  Schedule schedule(schedule_of(run).table(), run["schedule"]["base_lr"], run["steps"]);
  WeightAverage average({}, 0);
  TrainStep step({model, task, batches, precision, scaler, *optimizer, schedule, average, c10::Device(c10::kCPU),
                  run["accumulation"], run["clip_max_norm"].is_null() ? 0 : run["clip_max_norm"].get<double>()});

  const auto allowed = tolerance(run["precision"]);
  StepRecord record;
  for (std::size_t index = 0; index < run["expect"].size(); ++index) {
    SCOPED_TRACE("step " + std::to_string(index));
    const auto& expected = run["expect"][index];
    ++record.step;
    step.run(record);
    EXPECT_DOUBLE_EQ(record.learning_rate, expected["lr"].get<double>());
    EXPECT_NEAR(record.loss, expected["loss"].get<double>(), allowed.loss * std::abs(expected["loss"].get<double>()));
    EXPECT_EQ(std::isfinite(record.gradient_norm), !expected["grad_norm"].is_null());
    if (!expected["grad_norm"].is_null()) {
      const double norm = expected["grad_norm"];
      EXPECT_NEAR(record.gradient_norm, norm, allowed.norm * norm);
    }
    if (expected.contains("scale")) {
      EXPECT_EQ(record.next_loss_scale, expected["scale"].get<double>());
      EXPECT_EQ(record.growth_tracker, expected["growth_tracker"].get<std::uint64_t>());
      EXPECT_EQ(record.skipped, !expected["stepped"].get<bool>());
    }
    const auto [sum, norm] = checksum();
    EXPECT_NEAR(sum, expected["checksum"].get<double>(), allowed.checksum * 4 * norm);
    if (::testing::Test::HasFailure()) return;
  }
}

// The suite's name is how a machine with goldens of its own selects it: BINADE_GOLDENS=FOLDER ctest -R golden.
TEST(golden, TrajectoriesTrainAsPyTorchDid) {
  const auto file = testing::golden_file("mlp_trajectory.json");
  int replayed = 0;
  for (const auto& run : file["runs"]) {
    SCOPED_TRACE(run["name"].get<std::string>());
    replay(run);
    ++replayed;
  }
  EXPECT_GE(replayed, 9);
}

}  // namespace
}  // namespace binade::host
