// A model in C++: an ordinary torch::nn::Module, and one line that makes it a plugin.
//
//     struct Mlp : torch::nn::Module {
//       explicit Mlp(const binade::Options& options) {
//         hidden = register_module("hidden", torch::nn::Linear(options.integer("features"), options.integer("units")));
//         output = register_module("output", torch::nn::Linear(options.integer("units"), options.integer("classes")));
//       }
//       torch::Tensor forward(const torch::Tensor& x) { return output(torch::relu(hidden(x))); }
//       torch::nn::Linear hidden{nullptr}, output{nullptr};
//     };
//     BINADE_MODEL(Mlp)
//
// forward() takes the fields listed in the manifest's `inputs`, in that order. It returns a tensor; or a tuple or
// vector, whose first element is used; or a map from strings to tensors or a struct, of which `logits` is used, else
// `last_hidden_state`, else the first entry or member (of a struct with at most eight members and no constructor).
//
// A model with its own loss also has `binade::Loss loss(const binade::Batch& batch)`, called if [task] loss = "model".
//
// Threads: the constructor runs on the main thread, on the CPU, with LibTorch's generator seeded; all other members run
// on the training thread. Autocast is on during forward() and loss() if the precision policy asks for it.
#ifndef BINADE_MODEL_H
#define BINADE_MODEL_H

#include <c10/util/Exception.h>
#include <torch/nn.h>

#include <array>

#include "abi/model.h"
#include "boundary.h"
#include "build_block.h"
#include "model_output.h"

namespace binade {

// A batch, accessed by field names, for a model's own loss. Valid during the call.
class Batch {
 public:
  explicit Batch(const binade_batch* batch) : batch_(batch) {}
  bool has(std::string_view name) const { return batch_->field(batch_, to_abi(name)) != nullptr; }
  // Throws std::invalid_argument if the dataset has no such field.
  const torch::Tensor& operator[](std::string_view name) const {
    const void* tensor = batch_->field(batch_, to_abi(name));
    if (tensor == nullptr) throw std::invalid_argument("the dataset has no field `" + std::string(name) + "`");
    return *static_cast<const torch::Tensor*>(tensor);
  }

 private:
  const binade_batch* batch_;
};

// The result of a model's own loss: the scalar to minimise and up to 16 named values to report with it, each a tensor
// of one element. `return {total, {{"reconstruction", r}, {"kl", kl}}};`
struct Loss {
  torch::Tensor value;
  std::vector<std::pair<std::string, torch::Tensor>> scalars;
};

namespace detail {

// LibTorch's what() includes a stack trace, which does not help users.
template <class Body>
std::int32_t guard_torch(binade_error* error, Body&& body) noexcept {
  return guard(error, [&] {
    try {
      body();
    } catch (const c10::OutOfMemoryError& exception) {
      throw Failure(BINADE_OUT_OF_MEMORY, exception.what_without_backtrace());
    } catch (const c10::Error& exception) {
      throw Failure(BINADE_FAILED, exception.what_without_backtrace());
    }
  });
}

template <class Result, class Class, class... Inputs>
constexpr std::size_t arity(Result (Class::*)(Inputs...)) {
  return sizeof...(Inputs);
}
template <class Result, class Class, class... Inputs>
constexpr std::size_t arity(Result (Class::*)(Inputs...) const) {
  return sizeof...(Inputs);
}

template <class T>
using LossCall = decltype(std::declval<T&>().loss(std::declval<const Batch&>()));

template <class T>
struct ModelShim {
  static_assert(std::is_base_of_v<torch::nn::Module, T>, "a model must be a torch::nn::Module");
  static constexpr std::size_t inputs = arity(&T::forward);

  using Module = std::shared_ptr<T>;
  static T& module(void* self) { return **static_cast<Module*>(self); }
  static const torch::Tensor& tensor(const void* pointer) { return *static_cast<const torch::Tensor*>(pointer); }

  static std::int32_t create(const binade_host* host, const binade_options* options, void** self,
                             binade_error* error) noexcept {
    return guard_torch(error, [&] {
      *self = construct<T>(options, host,
                           // guard() catches. NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
                           [](const auto&... arguments) { return new Module(std::make_shared<T>(arguments...)); });
    });
  }
  static void destroy(void* self) noexcept { delete static_cast<Module*>(self); }

  template <std::size_t... Index>
  static torch::Tensor forward(T& model, const void* const* arguments, std::index_sequence<Index...>) {
    return extract(model.forward(tensor(arguments[Index])...));
  }
  static std::int32_t forward(void* self, const void* const* arguments, std::uint64_t count, void* output,
                              binade_error* error) noexcept {
    return guard_torch(error, [&] {
      if (count != inputs) {
        throw std::invalid_argument("forward() takes " + std::to_string(inputs) + " inputs, the manifest names " +
                                    std::to_string(count));
      }
      *static_cast<torch::Tensor*>(output) = forward(module(self), arguments, std::make_index_sequence<inputs>());
    });
  }
  static std::int32_t loss(void* self, const binade_batch* batch, binade_loss* sink, binade_error* error) noexcept {
    return guard_torch(error, [&] {
      if constexpr (has<LossCall, T>) {
        const Loss loss = module(self).loss(Batch(batch));
        sink->set_value(sink, &loss.value);
        for (const auto& [name, scalar] : loss.scalars) sink->add_scalar(sink, to_abi(name), &scalar);
      }
    });
  }
  static std::int32_t parameters(void* self, binade_tensors* sink, binade_error* error) noexcept {
    return guard_torch(error, [&] {
      for (const auto& item : module(self).named_parameters()) sink->add(sink, to_abi(item.key()), &item.value());
    });
  }
  static std::int32_t buffers(void* self, binade_tensors* sink, binade_error* error) noexcept {
    return guard_torch(error, [&] {
      for (const auto& item : module(self).named_buffers()) sink->add(sink, to_abi(item.key()), &item.value());
    });
  }
  static std::int32_t train(void* self, std::int32_t on, binade_error* error) noexcept {
    return guard_torch(error, [&] { module(self).train(on != 0); });
  }
  static std::int32_t to(void* self, binade_string device, binade_error* error) noexcept {
    return guard_torch(error, [&] { module(self).to(torch::Device(std::string(view(device)))); });
  }
  static std::int32_t vocabulary(void* self, std::int64_t* rows, binade_error* error) noexcept {
    return guard_torch(error, [&] {
      *rows = 0;
      for (const auto& part : module(self).modules()) {
        const auto* embedding = part->template as<torch::nn::EmbeddingImpl>();
        if (embedding == nullptr) continue;
        *rows = embedding->weight.size(0);
        break;
      }
    });
  }

  static constexpr binade_model_table table{sizeof(binade_model_table),
                                            0,
                                            create,
                                            destroy,
                                            forward,
                                            has<LossCall, T> ? loss : nullptr,
                                            parameters,
                                            buffers,
                                            train,
                                            to,
                                            vocabulary};
};

}  // namespace detail
}  // namespace binade

#define BINADE_MODEL(Type)                                                                              \
  BINADE_PLUGIN_EXPORT const binade_plugin binade_plugin_v1 = {sizeof(binade_plugin), BINADE_ABI_MAJOR, \
                                                               BINADE_ABI_MINOR, BINADE_KIND_MODEL,     \
                                                               &binade::detail::ModelShim<Type>::table};
#endif
