#include "host/engine/checkpoint/snapshot.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <stdexcept>

#include "host/engine/device/device.h"
#include "host/storage/safetensors_reading.h"
#include "host/storage/state_json.h"

namespace binade::host {
namespace {

// A copy: the file's bytes may have any alignment.
std::vector<NamedTensor> tensors_of(const SafetensorsFile& file) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, dtype, shape, data, bytes] : file.tensors) {
    tensors.push_back({name, at::empty(shape, at::TensorOptions().dtype(scalar_type(dtype)))});
    if (bytes != 0) std::memcpy(tensors.back().tensor.mutable_data_ptr(), data, bytes);
  }
  return tensors;
}

std::string described(const at::Tensor& tensor) {
  return fmt::format("{} of [{}]", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

const at::Tensor& find(const std::map<std::string, const at::Tensor*>& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw std::runtime_error(fmt::format("the checkpoint has no `{}`", name));
  return *found->second;
}

void copy(const at::Tensor& from, const at::Tensor& into, const std::string& name) {
  if (from.scalar_type() != into.scalar_type() || from.sizes() != into.sizes()) {
    throw std::runtime_error(
        fmt::format("`{}` is {} in the checkpoint and {} in this run: another model or other options", name,
                    described(from), described(into)));
  }
  const at::NoGradGuard no_grad;
  into.copy_(from);
}

std::vector<TensorBytes> bytes_of(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorBytes> bytes;
  bytes.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    bytes.push_back(
        {name, abi_dtype(tensor.scalar_type()), tensor.sizes().vec(), tensor.const_data_ptr(), tensor.nbytes()});
  }
  return bytes;
}

}  // namespace

Snapshot::Snapshot(const Checkpoint& checkpoint)
    : values(parse_state(checkpoint.json)), model_(tensors_of(checkpoint.model)), state_(tensors_of(checkpoint.state)) {
  for (const auto& [name, tensor] : model_) model_by_name_[name] = &tensor;
  for (const auto& [name, tensor] : state_) state_by_name_[name] = &tensor;
}

void Snapshot::keep(Tensors& tensors, const std::string& name, const at::Tensor& tensor) {
  const at::NoGradGuard no_grad;
  auto copy = at::empty(tensor.sizes(), at::TensorOptions().dtype(tensor.scalar_type()));
  copy.copy_(tensor);
  tensors.push_back({name, std::move(copy)});
}

void Snapshot::save_model(const Model& model) {
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& [name, tensor] : *part) keep(model_, name, tensor);
  }
}

void Snapshot::load_model(const Model& model) const {
  std::size_t expected = 0;
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& [name, tensor] : *part) {
      copy(find(model_by_name_, name), tensor, name);
      ++expected;
    }
  }
  if (expected != model_.size()) {
    throw std::runtime_error(fmt::format("the checkpoint has {} tensors of the model, and the model {}: another model",
                                         model_.size(), expected));
  }
}

void Snapshot::load(const std::string& name, const at::Tensor& into) const { copy(tensor(name), into, name); }

const at::Tensor& Snapshot::tensor(const std::string& name) const { return find(state_by_name_, name); }

CheckpointContent Snapshot::content(std::uint64_t step) const {
  CheckpointContent content;
  content.step = step;
  content.model = bytes_of(model_);
  content.state = bytes_of(state_);
  content.model_metadata = {{"format", "pt"}};
  auto versioned = values;
  versioned["version"] = state_version;
  content.json = versioned.dump(1) + "\n";
  return content;
}

}  // namespace binade::host
