#include "host/engine/training_state.h"

#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <string_view>

#include "host/engine/snapshot.h"

namespace binade::host {
namespace {

constexpr const char* policy_name = "precision_policy";
constexpr const char* cpu_random_name = "random.cpu";
constexpr const char* device_random_name = "random.device";

at::Tensor bytes_tensor(std::string_view bytes) {
  auto tensor = at::empty({static_cast<std::int64_t>(bytes.size())}, at::TensorOptions().dtype(at::kByte));
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

// Copies share their state with the generator itself.
at::Generator generator_of(c10::Device device) { return at::globalContext().defaultGenerator(device); }

void save_random(c10::Device device, Snapshot& snapshot) {
  snapshot.save(cpu_random_name, generator_of(c10::kCPU).get_state());
  if (!device.is_cpu()) snapshot.save(device_random_name, generator_of(device).get_state());
}

void load_random(c10::Device device, const Snapshot& snapshot) {
  generator_of(c10::kCPU).set_state(snapshot.tensor(cpu_random_name));
  if (!device.is_cpu()) generator_of(device).set_state(snapshot.tensor(device_random_name));
}

}  // namespace

void save_training(const Training& training, Snapshot& snapshot) {
  const auto names = trained_parameter_names(training.model);
  snapshot.save_model(training.model);
  training.optimizer.save(names, snapshot);
  training.average.save(names, snapshot);
  training.scaler.save(snapshot);
  training.schedule.save(snapshot);
  snapshot.save(policy_name, bytes_tensor(training.precision.save()));
  save_random(training.device, snapshot);
}

void load_training(const Training& training, const Snapshot& snapshot) {
  const auto names = trained_parameter_names(training.model);
  snapshot.load_model(training.model);
  training.optimizer.load(names, snapshot);
  training.average.load(names, snapshot);
  training.scaler.load(snapshot);
  training.schedule.load(snapshot);
  if (training.precision.decides()) training.precision.load(bytes_of(snapshot.tensor(policy_name)));
  load_random(training.device, snapshot);
}

}  // namespace binade::host
