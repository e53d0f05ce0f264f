#include "host/engine/model/task.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <stdexcept>

#include "binade/autocast.h"
#include "host/engine/device/device.h"

namespace binade::host {
namespace {

constexpr std::int64_t ignore_index = -100;  // LibTorch's own default in cross_entropy

const std::string& required(const std::optional<std::string>& setting, const Dataset& dataset,
                            const std::string& name) {
  if (setting) return *setting;
  throw std::runtime_error("the dataset `" + dataset.plugin().id() + "` suggests no " + name + "; set it in [task]: " +
                           (name == "loss" ? "loss = \"cross_entropy\", \"next_token\", \"mse\" or \"model\""
                                           : "target = \"<a field of the dataset>\""));
}

std::string shape_of(const at::Tensor& tensor) { return c10::str(tensor.sizes()); }

const BatchField* find_field(const HostBatch& batch, const std::string& name) {
  const auto found =
      std::find_if(batch.fields.begin(), batch.fields.end(), [&](const auto& field) { return field.name == name; });
  return found == batch.fields.end() ? nullptr : &*found;
}

void require_logits(const at::Tensor& logits, const at::Tensor& target, const char* loss) {
  const bool fits = logits.dim() == target.dim() + 1 && logits.sizes().slice(0, target.dim()) == target.sizes();
  if (!fits) {
    throw std::runtime_error(std::string("[task] loss = \"") + loss + "\" needs logits shaped like the target " +
                             shape_of(target) + " plus one dimension of classes; the model returned " +
                             shape_of(logits));
  }
}

at::Tensor mean_squared_error(const at::Tensor& output, const at::Tensor& target) {
  if (output.numel() != target.numel()) {
    throw std::runtime_error("[task] loss = \"mse\" needs an output shaped like the target " + shape_of(target) +
                             "; the model returned " + shape_of(output));
  }
  return at::mse_loss(output, target.view_as(output));
}

}  // namespace

Task::Task(const TaskSettings& settings, const Dataset& dataset, const Model& model)
    : loss_(required(settings.loss, dataset, "loss")), label_smoothing_(settings.label_smoothing) {
  if (label_smoothing_ != 0 && !is_classification()) {
    throw std::runtime_error("[task] label_smoothing needs loss = \"cross_entropy\" or \"next_token\", not \"" + loss_ +
                             "\"");
  }
  if (loss_ == "model") {
    if (!model.has_loss()) {
      throw std::runtime_error(
          "[task] loss = \"model\", but the model has no loss(); choose cross_entropy, next_token "
          "or mse, or give the model `binade::Loss loss(const binade::Batch&)`");
    }
    return;
  }
  target_ = required(settings.target, dataset, "target");
  target_length_ = target_ + "_length";
  const auto& fields = dataset.fields();
  if (std::none_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == target_; })) {
    std::string there;
    for (const auto& field : fields) there += (there.empty() ? "" : ", ") + field.name;
    throw std::runtime_error("[task] target = \"" + target_ + "\" is not a field of the dataset `" +
                             dataset.plugin().id() + "`; it has: " + there);
  }
}

at::Tensor Task::masked_target(const BatchTensors& batch) const {
  auto target = batch.at(target_).to(at::kLong);
  const auto* lengths = batch.find(target_length_);
  if (lengths == nullptr || target.dim() < 2) return target;
  const auto positions = at::arange(target.size(1), lengths->options());
  const auto padding = positions.unsqueeze(0).ge(lengths->unsqueeze(1));
  return target.masked_fill(padding, ignore_index);
}

// Checks in host memory: on a GPU such a target ends the process. LibTorch checks padded targets, whose mask it sees.
void Task::require_targets_below(const HostBatch& batch, std::int64_t classes) const {
  const auto* field = find_field(batch, target_);
  if (field == nullptr || field->dtype != BINADE_INT64 || find_field(batch, target_length_) != nullptr) return;
  const auto* targets = static_cast<const std::int64_t*>(field->data);
  const auto count = field->bytes / sizeof(std::int64_t);
  const auto wrong = std::find_if(targets, targets + count, [&](std::int64_t target) {
    return target >= classes || (target < 0 && target != ignore_index);
  });
  if (wrong == targets + count) return;
  const auto sample = static_cast<std::size_t>(wrong - targets) / (count / batch.indices.size());
  throw std::runtime_error("sample " + std::to_string(batch.indices[sample]) + " of the dataset has the " + target_ +
                           " " + std::to_string(*wrong) + ", but the model's classes are 0 to " +
                           std::to_string(classes - 1));
}

TaskResult Task::run(Model& model, const BatchTensors& batch, const binade_policy& policy, c10::Device device,
                     bool training) const {
  TaskResult result;
  at::Tensor output;
  {
    const Autocast autocast(device.type(), scalar_type(policy.compute_dtype), policy.autocast != 0);
    if (loss_ == "model") {
      auto loss = model.loss(batch);
      result.loss = std::move(loss.value);
      result.scalars = std::move(loss.scalars);
    } else {
      output = model.forward(batch);
    }
  }
  if (loss_ == "model") {
    result.loss = result.loss.to(at::kFloat);
    return result;
  }
  output = output.to(at::kFloat);
  if (is_classification()) {
    classify(output, batch, training, result);
  } else {
    regress(output, batch, result);
  }
  return result;
}

void Task::regress(const at::Tensor& output, const BatchTensors& batch, TaskResult& result) const {
  const auto& given = batch.at(target_);
  if (!scale_) {
    result.loss = mean_squared_error(output, given.to(at::kFloat));
    return;
  }
  const auto target = ((given.to(at::kDouble) - mean_) / deviation_).to(at::kFloat);
  result.loss = mean_squared_error(output, target);
  const at::NoGradGuard no_grad;
  const auto error = (output.view_as(target) - target).to(at::kDouble) * deviation_;
  result.in_own_units = error.square().mean().to(at::kFloat);
}

void Task::classify(const at::Tensor& logits, const BatchTensors& batch, bool training, TaskResult& result) const {
  auto target = masked_target(batch);
  require_logits(logits, target, loss_.c_str());
  require_targets_below(batch.host(), logits.size(-1));
  // Position t predicts token t + 1; the last position has nothing to predict.
  if (is_token_loss()) target = target.slice(1, 1);
  const auto flat = (is_token_loss() ? logits.slice(1, 0, -1) : logits).reshape({-1, logits.size(-1)});
  target = target.reshape({-1});
  const auto cross_entropy = [&](double smoothing) {
    return at::cross_entropy_loss(flat, target, /*weight=*/{}, at::Reduction::Mean, ignore_index, smoothing);
  };
  result.loss = cross_entropy(training ? label_smoothing_ : 0);
  const at::NoGradGuard no_grad;
  if (smooths_labels()) result.scalars.push_back({"unsmoothed_loss", training ? cross_entropy(0) : result.loss});
  result.correct = flat.argmax(-1).eq(target).sum().to(at::kFloat);
  result.counted = target.ne(ignore_index).sum().to(at::kFloat);
}

void Task::standardize(TargetScale scale, c10::Device device) {
  if (loss_ != "mse") {
    throw std::runtime_error("[dataset] standardize_target needs [task] loss = \"mse\", not \"" + loss_ + "\"");
  }
  mean_ = at::tensor(scale.mean, at::kDouble).view(scale.shape).to(device);
  deviation_ = at::tensor(scale.deviation, at::kDouble).view(scale.shape).to(device);
  scale_ = std::move(scale);
}

std::uint64_t Task::targets(const HostBatch& batch) const {
  const auto samples = static_cast<std::uint64_t>(batch.indices.size());
  const auto* target = find_field(batch, target_);
  if (!is_classification() || target == nullptr) return samples;
  const std::int64_t without_successor = is_token_loss() ? 1 : 0;
  if (const auto* lengths = find_field(batch, target_length_)) {
    const auto* length = static_cast<const std::int64_t*>(lengths->data);
    std::int64_t counted = 0;
    for (std::uint64_t i = 0; i < samples; ++i) counted += std::max<std::int64_t>(0, length[i] - without_successor);
    return static_cast<std::uint64_t>(counted);
  }
  std::int64_t per_sample = 1;
  for (std::size_t i = 1; i < target->shape.size(); ++i)
    per_sample *= target->shape[i] - (i == 1 ? without_successor : 0);
  return samples * static_cast<std::uint64_t>(per_sample);
}

}  // namespace binade::host
