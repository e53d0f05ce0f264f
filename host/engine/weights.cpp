#include "host/engine/weights.h"

#include "host/engine/device.h"
#include "host/storage/safetensors.h"
#include "host/storage/sha256.h"

namespace binade::host {

std::string write_weights(const Model& model, const std::filesystem::path& file) {
  std::vector<NamedTensor> tensors;  // keeps the copies in memory until they are written
  for (const auto* part : {&model.parameters(), &model.buffers()}) {
    for (const auto& [name, tensor] : *part) {
      tensors.push_back({name, tensor.detach().to(at::kCPU).contiguous()});
    }
  }
  Sha256 hash;
  std::vector<TensorBytes> bytes;
  for (const auto& [name, tensor] : tensors) {
    const auto dtype = abi_dtype(tensor.scalar_type());
    const auto shape = tensor.sizes().vec();
    hash.update(name.data(), name.size());
    hash.update(&dtype, sizeof(dtype));
    hash.update(shape.data(), shape.size() * sizeof(shape.front()));
    hash.update(tensor.const_data_ptr(), tensor.nbytes());
    bytes.push_back({name, dtype, shape, tensor.const_data_ptr(), tensor.nbytes()});
  }
  auto digest = hash.hex();
  write_safetensors(file, bytes, {{"format", "pt"}, {"parameters_sha256", digest}});
  return digest;
}

}  // namespace binade::host
