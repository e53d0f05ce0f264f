// forward_peer MODEL WEIGHTS INPUT OUTPUT [OPTION=INTEGER...]: computes a model plugin's outputs, to compare them with
// another program's. Files are safetensors; INPUT has one tensor `input`, and OUTPUT receives `output`. The names and
// shapes in WEIGHTS must match the model exactly.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

#include "host/engine/device/device.h"
#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"
#include "tests/plugins/opened_model.h"

namespace binade::host {
namespace {

at::Tensor tensor_of(const TensorBytes& bytes) {
  return at::from_blob(const_cast<void*>(bytes.data), bytes.shape, at::TensorOptions().dtype(scalar_type(bytes.dtype)))
      .clone();
}

void load(const OpenedModel& model, const SafetensorsFile& file) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> own;
  for (const auto& part : {model.parameters(), model.buffers()}) own.insert(part.begin(), part.end());
  if (own.size() != file.tensors.size()) throw std::runtime_error("another number of tensors");
  for (const auto& bytes : file.tensors) {
    const auto tensor = tensor_of(bytes);
    if (own.at(bytes.name).sizes() != tensor.sizes()) throw std::runtime_error("another shape: " + bytes.name);
    own.at(bytes.name).copy_(tensor);
  }
}

int run(const std::vector<std::string>& arguments) {
  GivenOptions options;
  for (std::size_t i = 5; i < arguments.size(); ++i) {
    const auto equals = arguments[i].find('=');
    options[arguments[i].substr(0, equals)] = integer(std::stoll(arguments[i].substr(equals + 1)));
  }
  OpenedModel model(arguments.at(1), options);
  load(model, read_safetensors(arguments.at(2)));
  const auto input = read_safetensors(arguments.at(3));
  model.train(false);
  const at::NoGradGuard no_grad;
  const auto output = model.forward({tensor_of(input.tensors.at(0))}).contiguous();
  write_safetensors(
      arguments.at(4),
      {{"output", abi_dtype(output.scalar_type()), output.sizes().vec(), output.const_data_ptr(), output.nbytes()}},
      {});
  return 0;
}

}  // namespace
}  // namespace binade::host

int main(int argc, char** argv) {
  try {
    return binade::host::run({argv, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forward_peer: %s\n", error.what());
    return 1;
  }
}
