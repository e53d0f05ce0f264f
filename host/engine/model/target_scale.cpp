#include "host/engine/model/target_scale.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/engine/model/batch_tensors.h"
#include "host/storage/state_json.h"

namespace binade::host {
namespace {

// Running mean and sum of squared differences from it, which stay exact where values are large and close to each other
// (Chan, Golub and LeVeque 1979).
struct Moments {
  double count = 0;
  at::Tensor mean, squares;

  void add(const at::Tensor& batch) {  // fp64 [N, components]
    const auto more = static_cast<double>(batch.size(0));
    const auto batch_mean = batch.mean(0);
    const auto difference = batch_mean - mean;
    const double all = count + more;
    squares = squares + (batch - batch_mean).square().sum(0) + difference.square() * (count * more / all);
    mean = mean + difference * (more / all);
    count = all;
  }
};

const Field& target_field(const Dataset& dataset, const std::string& name) {
  const auto& fields = dataset.fields();
  const auto field =
      std::find_if(fields.begin(), fields.end(), [&](const Field& candidate) { return candidate.name == name; });
  if (field == fields.end()) throw std::logic_error("the target `" + name + "` passed the check of the task");
  if (field->variable()) {
    throw std::runtime_error("[dataset] standardize_target needs a target of one size, and that of `" + name +
                             "` varies from sample to sample");
  }
  return *field;
}

void require_finite(const at::Tensor& values, const HostBatch& batch, const std::string& field) {
  const auto rows = at::isfinite(values).all(1);
  if (rows.all().item<bool>()) return;
  const auto row = static_cast<std::size_t>(rows.to(at::kByte).argmin().item<std::int64_t>());
  throw std::runtime_error(
      fmt::format("the {} of sample {} of the dataset is inf or NaN: [dataset] standardize_target "
                  "cannot take its mean",
                  field, batch.indices[row]));
}

std::vector<double> numbers(const at::Tensor& tensor) {
  const auto* values = tensor.const_data_ptr<double>();
  return {values, values + tensor.numel()};
}

}  // namespace

TargetScale fit_target_scale(const TargetScaleFit& fit) {
  const auto& field = target_field(fit.dataset, fit.field);
  Sampler sampler(fit.split.size, fit.batch_size, Order::sequential, /*drop_last=*/false, fit.seed, Shard{});
  const auto batches = sampler.batches_per_epoch();
  const auto prefetch = static_cast<std::uint32_t>(std::min<std::uint64_t>(fit.prefetch, batches));
  BatchLoader loader(fit.dataset, fit.split, std::move(sampler), /*training=*/false, fit.seed,
                     prefetch < 2 ? 0 : fit.workers, prefetch, 0, 0, batches);
  BatchTensors batch{c10::Device(c10::kCPU)};
  std::int64_t components = 1;
  for (const auto extent : field.shape) components *= extent;
  Moments moments{0, at::zeros({components}, at::kDouble), at::zeros({components}, at::kDouble)};
  for (std::uint64_t number = 0; number < batches && fit.before_batch(); ++number) {
    batch.assign(loader.next());
    const auto values = batch.at(fit.field).to(at::kDouble).reshape({batch.samples(), components});
    require_finite(values, batch.host(), fit.field);
    moments.add(values);
  }
  const auto deviation = (moments.squares / std::max(moments.count, 1.0)).sqrt();
  const auto one = at::zeros({}, at::kDouble) + 1;
  return {numbers(moments.mean), numbers(at::where(deviation > 0, deviation, one)), field.shape};
}

bool fits(const TargetScale& scale, const Dataset& dataset, const std::string& field) {
  std::size_t components = 1;
  for (const auto extent : scale.shape) components *= static_cast<std::size_t>(extent);
  return scale.shape == target_field(dataset, field).shape && scale.mean.size() == components &&
         scale.deviation.size() == components;
}

std::string to_text(const TargetScale& scale) {
  constexpr std::size_t shown = 4;
  std::string means, deviations;
  const auto count = std::min(shown, scale.mean.size());
  for (std::size_t i = 0; i < count; ++i) {
    means += fmt::format("{}{:.6g}", i == 0 ? "" : ", ", scale.mean[i]);
    deviations += fmt::format("{}{:.6g}", i == 0 ? "" : ", ", scale.deviation[i]);
  }
  const char* more = count < scale.mean.size() ? ", ..." : "";
  return fmt::format("mean {}{}, deviation {}{}", means, more, deviations, more);
}

nlohmann::json to_json(const TargetScale& scale) {
  return {{"mean", scale.mean}, {"deviation", scale.deviation}, {"shape", scale.shape}};
}

TargetScale target_scale(const nlohmann::json& json) {
  TargetScale scale;
  for (const auto& mean : json.at("mean")) scale.mean.push_back(to_double(mean));
  for (const auto& deviation : json.at("deviation")) scale.deviation.push_back(to_double(deviation));
  json.at("shape").get_to(scale.shape);
  return scale;
}

}  // namespace binade::host
