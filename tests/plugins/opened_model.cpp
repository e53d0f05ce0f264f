#include "tests/plugins/opened_model.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <c10/core/GradMode.h>

#include <stdexcept>
#include <string_view>

namespace binade::host {
namespace {

std::string name_of(binade_string name) { return {name.data, name.size}; }

void collect(void* sink, binade_string name, const void* tensor) {
  static_cast<NamedTensors*>(sink)->emplace_back(name_of(name), *static_cast<const at::Tensor*>(tensor));
}

struct BatchView {
  binade_batch base;  // must be first: the plugin's pointer points to it
  const std::map<std::string, at::Tensor>* fields;
};
struct LossSink {
  binade_loss base;
  NamedTensors values;
};
struct TensorSink {
  binade_tensors base;
  NamedTensors values;

  static void add(binade_tensors* self, binade_string name, const void* tensor) {
    collect(&reinterpret_cast<TensorSink*>(self)->values, name, tensor);
  }
};

}  // namespace

OpenedModel::OpenedModel(const std::filesystem::path& name, const GivenOptions& given)
    : plugin_(name), table_(plugin_.plugin().table<binade_model_table>()) {
  at::manual_seed(1337);
  at::set_num_threads(1);  // more threads only slow down such small models
  const auto options = plugin_.options(given);
  const OptionsView view(options);
  plugin_.plugin().call("create", [&](binade_error* error) {
    return table_.create(plugin_.plugin().host(), view.table(), &self_, error);
  });
}

OpenedModel::~OpenedModel() { table_.destroy(self_); }

at::Tensor OpenedModel::forward(const std::vector<at::Tensor>& inputs) {
  std::vector<const void*> pointers;
  for (const auto& input : inputs) pointers.push_back(&input);
  at::Tensor output;
  plugin_.plugin().call("forward", [&](binade_error* error) {
    return table_.forward(self_, pointers.data(), pointers.size(), &output, error);
  });
  return output;
}

NamedTensors OpenedModel::loss(const std::map<std::string, at::Tensor>& batch) {
  const auto field = [](const binade_batch* self, binade_string name) -> const void* {
    const auto& fields = *reinterpret_cast<const BatchView*>(self)->fields;
    const auto found = fields.find(name_of(name));
    return found == fields.end() ? nullptr : &found->second;
  };
  const auto set_value = [](binade_loss* self, const void* tensor) {
    collect(&reinterpret_cast<LossSink*>(self)->values, {}, tensor);
  };
  const auto add_scalar = [](binade_loss* self, binade_string name, const void* tensor) {
    collect(&reinterpret_cast<LossSink*>(self)->values, name, tensor);
  };
  const BatchView view{{sizeof(binade_batch), 0, field}, &batch};
  LossSink sink{{sizeof(binade_loss), 0, set_value, add_scalar}, {}};
  plugin_.plugin().call("loss", [&](binade_error* error) { return table_.loss(self_, &view.base, &sink.base, error); });
  return sink.values;
}

NamedTensors OpenedModel::parameters() const {
  TensorSink sink{{sizeof(binade_tensors), 0, TensorSink::add}, {}};
  plugin_.plugin().call("parameters", [&](binade_error* error) { return table_.parameters(self_, &sink.base, error); });
  return sink.values;
}

NamedTensors OpenedModel::buffers() const {
  TensorSink sink{{sizeof(binade_tensors), 0, TensorSink::add}, {}};
  plugin_.plugin().call("buffers", [&](binade_error* error) { return table_.buffers(self_, &sink.base, error); });
  return sink.values;
}

at::Tensor OpenedModel::parameter(const std::string& name) const {
  for (const auto& [own_name, tensor] : parameters()) {
    if (own_name == name) return tensor;
  }
  throw std::invalid_argument("no parameter " + name);
}

std::int64_t OpenedModel::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : parameters()) count += tensor.numel();
  return count;
}

void OpenedModel::train(bool on) {
  plugin_.plugin().call("train", [&](binade_error* error) { return table_.train(self_, on ? 1 : 0, error); });
}

void OpenedModel::descend(const at::Tensor& loss, double lr) {
  loss.backward();
  const c10::AutoGradMode without_gradient(false);
  for (auto& [name, parameter] : parameters()) {
    parameter.sub_(parameter.grad(), lr);
    parameter.mutable_grad().reset();
  }
}

at::Tensor next_token_loss(const at::Tensor& logits, const at::Tensor& tokens) {
  const auto predictions = logits.narrow(1, 0, logits.size(1) - 1), targets = tokens.narrow(1, 1, tokens.size(1) - 1);
  return at::cross_entropy_loss(predictions.flatten(0, 1), targets.flatten());
}

}  // namespace binade::host
