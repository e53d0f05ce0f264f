#include "host/engine/checkpoint/training_state.h"

#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <string_view>

#include "host/engine/amp/gradient_statistics.h"
#include "host/engine/checkpoint/snapshot.h"

namespace binade::host {
namespace {

constexpr const char* policy_name = "precision_policy";

at::Tensor bytes_tensor(std::string_view bytes) {
  auto tensor = at::empty({static_cast<std::int64_t>(bytes.size())}, at::TensorOptions().dtype(at::kByte));
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

std::string_view bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

// All devices whose generators a run on this device may use: a model may use another GPU's, too.
std::vector<c10::Device> devices_beside(c10::Device device) {
  std::vector<c10::Device> devices{c10::Device(c10::kCPU)};
  const auto gpus = device.is_cpu() ? 0 : at::detail::getCUDAHooks().deviceCount();
  for (int gpu = 0; gpu < gpus; ++gpu) devices.emplace_back(device.type(), static_cast<c10::DeviceIndex>(gpu));
  return devices;
}

// Copies share their state with the generator itself.
at::Generator generator_of(c10::Device device) { return at::globalContext().defaultGenerator(device); }

std::string random_name(c10::Device device) { return "random." + device.str(); }

void save_random(c10::Device device, Snapshot& snapshot) {
  for (const auto one : devices_beside(device)) snapshot.save(random_name(one), generator_of(one).get_state());
}

// A machine with other GPUs, which is reported elsewhere, has generators that are not in the checkpoint.
void load_random(c10::Device device, const Snapshot& snapshot) {
  for (const auto one : devices_beside(device)) {
    const auto name = random_name(one);
    if (one.is_cpu() || snapshot.has(name)) generator_of(one).set_state(snapshot.tensor(name));
  }
}

void save_policy(const PrecisionPolicy& policy, Snapshot& snapshot) {
  snapshot.values[policy_name] = {{"plugin", policy.plugin_id()}, {"version", policy.plugin_version()}};
  snapshot.save(policy_name, bytes_tensor(policy.save()));
}

// The state of another plugin is ignored.
void load_policy(PrecisionPolicy& policy, const Snapshot& snapshot) {
  const auto saved = snapshot.values.value(policy_name, nlohmann::json::object());
  if (!policy.decides() || saved.value("plugin", "") != policy.plugin_id()) return;
  try {
    policy.load(bytes_of(snapshot.tensor(policy_name)));
  } catch (const PluginError& error) {
    const auto version = saved.value("version", "");
    if (version == policy.plugin_version()) throw;
    throw std::runtime_error("the state that precision plugin `" + policy.plugin_id() + "` " + version +
                             " saved cannot be read by " + policy.plugin_version() + ": " + error.what());
  }
}

}  // namespace

void save_training(const Training& training, Snapshot& snapshot) {
  const auto names = trained_parameter_names(training.model);
  snapshot.save_model(training.model);
  training.optimizer->save(names, snapshot);
  training.average.save(names, snapshot);
  training.scaler.save(snapshot);
  training.schedule.save(snapshot);
  save_policy(training.precision, snapshot);
  save_random(training.device, snapshot);
  if (const auto* scale = training.task.target_scale()) snapshot.values["target"] = to_json(*scale);
}

void load_training(Training& training, const Snapshot& snapshot) {
  const auto names = trained_parameter_names(training.model);
  snapshot.load_model(training.model);
  training.optimizer->load(names, snapshot);
  training.average.load(names, snapshot);
  training.scaler.load(snapshot);
  training.schedule.load(snapshot);
  load_policy(training.precision, snapshot);
  load_random(training.device, snapshot);
}

RandomState::RandomState(c10::Device device) {
  for (const auto one : devices_beside(device)) {
    const auto generator = generator_of(one);
    generators_.emplace_back(generator, generator.get_state().clone());
  }
}

void RandomState::restore() const {
  for (auto [generator, state] : generators_) generator.set_state(state);
}

}  // namespace binade::host
