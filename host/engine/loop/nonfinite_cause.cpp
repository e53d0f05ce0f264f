#include "host/engine/loop/nonfinite_cause.h"

#include <ATen/ops/aminmax.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "host/data/batch_memory.h"
#include "host/engine/device/device.h"
#include "host/events/events.h"
#include "host/loading/plugin.h"

namespace binade::host {
namespace {

constexpr double largest_fp16 = 65504;
constexpr const char* ends_of_fp16 = "and fp16, in which autocast computes, ends at 65504";

// The largest magnitude in a floating-point tensor; NaN where it has one, 0 where it is empty.
double largest_magnitude(const at::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return 0;
  const auto [least, most] = at::aminmax(tensor.detach());
  const double low = least.item().toDouble(), high = most.item().toDouble();
  return std::isnan(low) ? low : std::max(std::abs(low), std::abs(high));
}

std::string weight_beyond_fp16(const Model& model) {
  for (const auto& [name, tensor] : model.parameters()) {
    const double largest = largest_magnitude(tensor);
    if (!(largest > largest_fp16)) continue;
    return fmt::format(
        "the weight `{}` has a value of magnitude {:g}, {}: use bf16, or keep it in fp32 "
        "([precision.overrides])",
        name, largest, ends_of_fp16);
  }
  return {};
}

// Infinities are fine in buffers: masks have them.
std::string nan_in_buffers(const Model& model) {
  for (const auto& [name, tensor] : model.buffers()) {
    if (std::isnan(largest_magnitude(tensor))) {
      return fmt::format("; the buffer `{}` has NaN now, which stays and reaches each evaluation", name);
    }
  }
  return {};
}

// The first value of its kind, and how many of the samples have one.
struct Finding {
  std::string field;
  std::uint64_t sample = 0, samples = 0;
  double value = 0;

  std::string text(const char* role) const {
    const auto more = samples > 1 ? fmt::format(" (and {} more of the step's samples)", samples - 1) : "";
    return fmt::format("the {} `{}` of sample {} has {:g}{}", role, field, sample, std::isnan(value) ? nan : value,
                       more);
  }
};

class SampleSearch {
 public:
  SampleSearch(const TrainedOn& data, bool in_fp16) : data_(data), in_fp16_(in_fp16) {}

  void look_at(const HostBatch& batch) {
    for (const auto& field : batch.fields) {
      const bool is_target = field.name == data_.target;
      const bool is_input = data_.inputs.empty() ? !is_target : std::ranges::count(data_.inputs, field.name) != 0;
      if (at::isFloatingType(scalar_type(field.dtype)) && (is_input || is_target)) look_at(batch, field, is_input);
    }
  }

  // Empty where nothing is wrong.
  std::string text() const {
    if (input_) return input_->text("input");
    if (target_) return target_->text("target");
    if (!large_) return {};
    return fmt::format(
        "{}, {}: scale the inputs down, use bf16, or keep what takes them in fp32 "
        "([precision.overrides])",
        large_->text("input"), ends_of_fp16);
  }

 private:
  void look_at(const HostBatch& batch, const BatchField& field, bool is_input) {
    const auto values = at::from_blob(field.data, field.shape, at::TensorOptions(scalar_type(field.dtype)))
                            .to(at::kDouble)
                            .contiguous();
    const double* begin = values.const_data_ptr<double>();
    const auto size = static_cast<std::size_t>(values.numel()) / batch.indices.size();
    const auto is_nonfinite = [](double value) { return !std::isfinite(value); };
    const auto is_large = [](double value) { return std::abs(value) > largest_fp16; };
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const std::span<const double> of_sample(begin + i * size, size);
      const auto note = [&](std::optional<Finding>& found, auto is_wanted) {
        const auto value = std::ranges::find_if(of_sample, is_wanted);
        if (value == of_sample.end()) return;
        if (!found) found = Finding{field.name, batch.indices[i], 0, *value};
        if (found->field == field.name) ++found->samples;
      };
      note(is_input ? input_ : target_, is_nonfinite);
      if (is_input && in_fp16_) note(large_, is_large);
    }
  }

  const TrainedOn& data_;
  bool in_fp16_;
  std::optional<Finding> input_, target_, large_;
};

// Empty where the samples are finite, or cannot be read.
std::string cause_in_samples(const TrainedOn& data, bool in_fp16, std::uint64_t epoch,
                             std::span<const std::uint64_t> samples) {
  constexpr std::size_t at_once = 64;
  if (data.dataset == nullptr) return {};
  SampleSearch search(data, in_fp16);
  try {
    BatchMemory memory(*data.dataset);
    memory.batch().epoch = epoch;
    for (std::size_t begin = 0; begin < samples.size(); begin += at_once) {
      const auto part = samples.subspan(begin, std::min(at_once, samples.size() - begin));
      memory.batch().indices.assign(part.begin(), part.end());
      memory.read(*data.dataset, *data.split, /*training=*/true, data.seed);
      search.look_at(memory.batch());
    }
  } catch (const PluginError&) {  // the loss is the error to report
    return {};
  }
  return search.text();
}

}  // namespace

std::string nonfinite_weights(const Model& model) {
  constexpr std::size_t shown = 4;
  std::string names;
  std::size_t count = 0;
  for (const auto& [name, tensor] : model.parameters()) {
    if (std::isfinite(largest_magnitude(tensor)) || ++count > shown) continue;
    const auto finite = at::isfinite(tensor.detach()).sum().item().toLong();
    names += fmt::format("{}`{}` ({} of {} values)", names.empty() ? "" : ", ", name, tensor.numel() - finite,
                         tensor.numel());
  }
  if (count > shown) names += fmt::format(", and {} more", count - shown);
  return names.empty() ? "" : "the weights are not finite: " + names;
}

NonfiniteCause nonfinite_cause(const Model& model, const binade_policy& policy, const TrainedOn& data,
                               std::uint64_t epoch, std::span<const std::uint64_t> samples) {
  const bool in_fp16 = policy.autocast != 0 && policy.compute_dtype == BINADE_FLOAT16;
  if (const auto weights = nonfinite_weights(model); !weights.empty()) {
    return {weights + "; they were so before this step: look at the model's initial values and [model] init_from"};
  }
  if (const auto found = cause_in_samples(data, in_fp16, epoch, samples); !found.empty()) {
    return {found + nan_in_buffers(model), true};
  }
  if (const auto weight = in_fp16 ? weight_beyond_fp16(model) : ""; !weight.empty()) return {weight};
  return {fmt::format("weights, inputs and targets are finite, so it is the model's own arithmetic (an overflow{}, "
                      "log(0), 0/0), or training diverges: a lower [optimizer] lr may help{}",
                      in_fp16 ? " beyond fp16's 65504" : "", nan_in_buffers(model)),
          true};
}

}  // namespace binade::host
