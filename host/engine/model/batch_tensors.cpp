#include "host/engine/model/batch_tensors.h"

#include <ATen/ops/from_blob.h>

#include <stdexcept>

#include "host/engine/device/device.h"

namespace binade::host {

void BatchTensors::assign(const HostBatch& batch) {
  host_ = &batch;
  samples_ = static_cast<std::int64_t>(batch.indices.size());
  fields_.resize(batch.fields.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto& field = batch.fields[i];
    if (fields_[i].first != field.name) fields_[i].first = field.name;
    const auto view = at::from_blob(field.data, field.shape, at::TensorOptions(scalar_type(field.dtype)));
    fields_[i].second = device_.is_cpu() ? view : view.to(device_);
  }
}

const at::Tensor* BatchTensors::find(std::string_view name) const {
  for (const auto& [field, tensor] : fields_) {
    if (field == name) return &tensor;
  }
  return nullptr;
}

const at::Tensor& BatchTensors::at(std::string_view name) const {
  if (const auto* tensor = find(name)) return *tensor;
  std::string there;
  for (const auto& [field, tensor] : fields_) there += (there.empty() ? "" : ", ") + field;
  throw std::runtime_error("the dataset has no field `" + std::string(name) + "`; it has: " + there);
}

}  // namespace binade::host
