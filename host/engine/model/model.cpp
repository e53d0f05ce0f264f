#include "host/engine/model/model.h"

#include <c10/util/Exception.h>

#include <stdexcept>

#include "binade/boundary.h"
#include "binade/options.h"
#include "binade/printable.h"
#include "host/loading/exception_trap.h"

namespace binade::host {
namespace {

// Collects each tensor once, by identity, and its further names.
struct TensorSink {
  binade_tensors base;  // first: the plugin's pointer is a pointer to this
  std::vector<NamedTensor>* tensors;
  std::vector<std::pair<std::string, std::string>>* aliases;
  ExceptionTrap failure{};

  static void add(binade_tensors* self, binade_string name, const void* tensor) noexcept {
    auto& sink = *reinterpret_cast<TensorSink*>(self);
    sink.failure.keep([&] { sink.take(printable(view(name)), *static_cast<const at::Tensor*>(tensor)); });
  }
  void take(std::string name, const at::Tensor& candidate) const {
    for (const auto& known : *tensors) {
      if (known.tensor.is_same(candidate)) {
        aliases->emplace_back(std::move(name), known.name);
        return;
      }
    }
    tensors->push_back({std::move(name), candidate});
  }
};

struct BatchView {
  binade_batch base;
  const BatchTensors* batch;

  static const void* field(const binade_batch* self, binade_string name) {
    return reinterpret_cast<const BatchView*>(self)->batch->find(view(name));
  }
};

struct LossSink {
  binade_loss base;
  ModelLoss* loss;
  ExceptionTrap failure{};

  static void set_value(binade_loss* self, const void* tensor) noexcept {
    reinterpret_cast<LossSink*>(self)->loss->value = *static_cast<const at::Tensor*>(tensor);
  }
  static void add_scalar(binade_loss* self, binade_string name, const void* tensor) noexcept {
    auto& sink = *reinterpret_cast<LossSink*>(self);
    sink.failure.keep([&] {
      sink.loss->scalars.push_back({std::string(view(name)), *static_cast<const at::Tensor*>(tensor)});
    });
  }
};

}  // namespace

Model::Model(const Plugin& plugin, const OptionTable& options, std::vector<std::string> inputs, c10::Device device)
    : plugin_(plugin), table_(plugin.table<binade_model_table>()), inputs_(std::move(inputs)) {
  const OptionsView view(options);
  void* self = nullptr;
  plugin_.call("create",
               [&](binade_error* error) { return table_.create(plugin_.host(), view.table(), &self, error); });
  self_ = {self, table_.destroy};
  const auto device_name = device.str();
  plugin_.call("to", [&](binade_error* error) { return table_.to(self_.get(), to_abi(device_name), error); });
  TensorSink parameters{{sizeof(binade_tensors), 0, TensorSink::add}, &parameters_, &aliases_};
  plugin_.call("parameters",
               [&](binade_error* error) { return table_.parameters(self_.get(), &parameters.base, error); });
  parameters.failure.rethrow();
  TensorSink buffers{{sizeof(binade_tensors), 0, TensorSink::add}, &buffers_, &aliases_};
  plugin_.call("buffers", [&](binade_error* error) { return table_.buffers(self_.get(), &buffers.base, error); });
  buffers.failure.rethrow();
}

at::Tensor Model::forward(const BatchTensors& batch) {
  arguments_.clear();
  for (const auto& input : inputs_) arguments_.push_back(&batch.at(input));
  at::Tensor output;
  plugin_.call("forward", [&](binade_error* error) {
    return table_.forward(self_.get(), arguments_.data(), arguments_.size(), &output, error);
  });
  if (!output.defined()) {
    throw PluginError(plugin_.id(), plugin_.version(), "forward", BINADE_FAILED, "it returned an undefined tensor");
  }
  return output;
}

ModelLoss Model::loss(const BatchTensors& batch) {
  ModelLoss loss;
  const BatchView batch_view{{sizeof(binade_batch), 0, BatchView::field}, &batch};
  LossSink sink{{sizeof(binade_loss), 0, LossSink::set_value, LossSink::add_scalar}, &loss};
  plugin_.call("loss",
               [&](binade_error* error) { return table_.loss(self_.get(), &batch_view.base, &sink.base, error); });
  sink.failure.rethrow();
  if (!loss.value.defined() || loss.value.numel() != 1) {
    throw std::runtime_error("model `" + plugin_.id() + "`: loss() must return one scalar tensor as its value");
  }
  return loss;
}

void Model::backward(const at::Tensor& loss) {
  const auto run = [&] {
    try {
      loss.backward();
    } catch (const c10::OutOfMemoryError& error) {
      throw Failure(BINADE_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::Error& error) {  // its what() carries a stack trace
      throw Failure(BINADE_FAILED, error.what_without_backtrace());
    }
  };
  plugin_.call("backward", [&](binade_error* error) { return detail::guard(error, run); });
}

void Model::train(bool on) {
  plugin_.call("train", [&](binade_error* error) { return table_.train(self_.get(), on ? 1 : 0, error); });
}

std::uint64_t Model::trainable_elements() const {
  std::uint64_t elements = 0;
  for (const auto& [name, tensor] : parameters_) {
    if (tensor.requires_grad()) elements += static_cast<std::uint64_t>(tensor.numel());
  }
  return elements;
}

std::int64_t Model::embedding_rows() const {
  std::int64_t rows = 0;
  plugin_.call("vocabulary", [&](binade_error* error) { return table_.vocabulary(self_.get(), &rows, error); });
  return rows;
}

}  // namespace binade::host
