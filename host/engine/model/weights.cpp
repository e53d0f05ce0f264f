#include "host/engine/model/weights.h"

#include "host/base/sha256.h"
#include "host/engine/device/device.h"
#include "host/storage/safetensors.h"

namespace binade::host {
namespace {

// Calls action(name, tensor on the CPU, contiguous) for each parameter, then each buffer.
template <class Action>
void for_each_weight(const Model& model, Action action) {
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& [name, tensor] : *part) action(name, tensor.detach().to(at::kCPU).contiguous());
  }
}

void update(Sha256& hash, const std::string& name, const at::Tensor& tensor) {
  const auto dtype = abi_dtype(tensor.scalar_type());
  const auto shape = tensor.sizes();
  hash.update(name.data(), name.size());
  hash.update(&dtype, sizeof(dtype));
  hash.update(shape.data(), shape.size() * sizeof(shape.front()));
  hash.update(tensor.const_data_ptr(), tensor.nbytes());
}

}  // namespace

std::string hash_weights(const Model& model) {
  Sha256 hash;
  for_each_weight(model, [&](const std::string& name, const at::Tensor& tensor) { update(hash, name, tensor); });
  return hash.hex();
}

std::string write_weights(const Model& model, const std::filesystem::path& file,
                          std::map<std::string, std::string> metadata) {
  Sha256 hash;
  std::vector<at::Tensor> tensors;  // keeps the copies in memory until they are written
  std::vector<TensorBytes> bytes;
  for_each_weight(model, [&](const std::string& name, const at::Tensor& tensor) {
    update(hash, name, tensor);
    tensors.push_back(tensor);
    bytes.push_back(
        {name, abi_dtype(tensor.scalar_type()), tensor.sizes().vec(), tensor.const_data_ptr(), tensor.nbytes()});
  });
  auto digest = hash.hex();
  metadata["format"] = "pt";
  metadata["parameters_sha256"] = digest;
  write_safetensors(file, bytes, metadata);
  return digest;
}

}  // namespace binade::host
