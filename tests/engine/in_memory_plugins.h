// A dataset and models that live in the test's own memory, as plugins.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "binade/abi/model.h"
#include "binade/dataset.h"
#include "binade/precision.h"
#include "host/data/dataset.h"
#include "host/engine/optim/parameters.h"
#include "host/experiment/settings.h"
#include "host/loading/plugin.h"

namespace binade::host::testing {

inline const binade_host& quiet_host() {
  static const auto host = [] {
    binade_host host{};
    host.struct_size = sizeof(host);
    host.log = [](const binade_host*, std::int32_t, binade_string) {};
    return host;
  }();
  return host;
}

// Rows of `x` and `y`, both float32, the same for training and validation. Set `rows` before making the Dataset.
struct Rows {
  static inline std::vector<std::vector<float>> x, y;

  Description describe() const {
    Description description;
    description.split("train", x.size()).split("validation", x.size());
    description.field<float>("x", {static_cast<std::int64_t>(x.front().size())});
    description.field<float>("y", {static_cast<std::int64_t>(y.front().size())});
    return description;
  }
  void read(const Sample& sample) const {
    const auto in = sample.field<float>(0), out = sample.field<float>(1);
    std::copy(x[sample.index()].begin(), x[sample.index()].end(), in.begin());
    std::copy(y[sample.index()].begin(), y[sample.index()].end(), out.begin());
  }
};

// Sequences of any length up to 4 of the tokens 0..4; shorter ones are padded with 0.
struct Sequences {
  static inline std::vector<std::vector<std::int64_t>> sequences;

  Description describe() const {
    Description description;
    description.split("train", sequences.size()).split("validation", sequences.size());
    description.field<std::int64_t>("tokens", {variable});
    return description;
  }
  std::vector<std::int64_t> measure(std::uint32_t, std::uint64_t index, std::size_t) const {
    return {static_cast<std::int64_t>(sequences[index].size())};
  }
  void read(const Sample& sample) const {
    const auto& tokens = sequences[sample.index()];
    std::copy(tokens.begin(), tokens.end(), sample.field<std::int64_t>(0).begin());
  }
};

// Classified rows: `features` float32, `label` int64.
struct LabelledRows {
  static inline std::vector<std::vector<float>> features;
  static inline std::vector<std::int64_t> labels;

  Description describe() const {
    Description description;
    description.split("train", labels.size()).split("validation", labels.size());
    description.field<float>("features", {static_cast<std::int64_t>(features.front().size())});
    description.field<std::int64_t>("label");
    return description;
  }
  void read(const Sample& sample) const {
    std::copy(features[sample.index()].begin(), features[sample.index()].end(), sample.field<float>(0).begin());
    sample.field<std::int64_t>(1)[0] = labels[sample.index()];
  }
};

template <class T>
Plugin dataset_plugin() {
  static const binade_plugin symbol{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_DATASET,
                                    &detail::DatasetShim<T>::table};
  return Plugin::linked(symbol, "in_memory", &quiet_host());
}

// A model made of tensors and a function, without torch::nn.
struct TensorModel {
  static inline std::vector<std::pair<std::string, at::Tensor>> parameters;  // visited in order, repeats and all
  static inline std::vector<std::pair<std::string, at::Tensor>> buffers;
  static inline std::function<at::Tensor(const std::vector<at::Tensor>&)> forward;
  static inline bool training = true;

  static std::int32_t create(const binade_host*, const binade_options*, void** self, binade_error*) {
    static int object = 0;
    *self = &object;
    return BINADE_OK;
  }
  static void destroy(void*) {}
  static std::int32_t run(void*, const void* const* inputs, std::uint64_t count, void* output, binade_error* error) {
    return detail::guard(error, [&] {
      std::vector<at::Tensor> tensors;
      for (std::uint64_t i = 0; i < count; ++i) tensors.push_back(*static_cast<const at::Tensor*>(inputs[i]));
      *static_cast<at::Tensor*>(output) = forward(tensors);
    });
  }
  static std::int32_t visit(void*, binade_tensors* sink, binade_error*) {
    for (const auto& [name, tensor] : parameters) sink->add(sink, to_abi(name), &tensor);
    return BINADE_OK;
  }
  static std::int32_t visit_buffers(void*, binade_tensors* sink, binade_error*) {
    for (const auto& [name, tensor] : buffers) sink->add(sink, to_abi(name), &tensor);
    return BINADE_OK;
  }
  static std::int32_t train(void*, std::int32_t on, binade_error*) {
    training = on != 0;
    return BINADE_OK;
  }
  static std::int32_t to(void*, binade_string, binade_error*) { return BINADE_OK; }
  static inline std::int64_t embedding_rows = 0;
  static std::int32_t vocabulary(void*, std::int64_t* rows, binade_error*) {
    *rows = embedding_rows;
    return BINADE_OK;
  }

  static constexpr binade_model_table table{
      sizeof(binade_model_table), 0, create, destroy, run, nullptr, visit, visit_buffers, train, to, vocabulary};

  static Plugin plugin() {
    static const binade_plugin symbol{sizeof(binade_plugin), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_MODEL,
                                      &table};
    return Plugin::linked(symbol, "tensors", &quiet_host());
  }
};

inline OptimizerSettings adamw(double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8) {
  return {.name = "adamw", .betas = {beta1, beta2}, .eps = eps};
}

inline OptimizerSettings sgd(double momentum = 0, bool nesterov = false, double dampening = 0) {
  return {.name = "sgd", .momentum = momentum, .dampening = dampening, .nesterov = nesterov};
}

inline ScheduleSettings constant_schedule(std::uint64_t warmup_steps = 0) {
  return {.name = "constant", .warmup_steps = warmup_steps};
}

inline ScheduleSettings cosine_schedule(std::uint64_t warmup_steps, double min_lr) {
  return {.name = "cosine", .warmup_steps = warmup_steps, .min_lr = min_lr};
}

inline TaskSettings task_settings(const std::string& loss, const std::string& target) {
  return {.loss = loss, .target = target};
}

// All of a model's parameters in one group.
inline ParameterGroups one_group(std::vector<at::Tensor> parameters, double weight_decay) {
  ParameterGroups out{std::move(parameters), {{1, weight_decay, {}}}};
  for (std::size_t i = 0; i < out.parameters.size(); ++i) out.groups[0].members.push_back(i);
  return out;
}
inline ParameterGroups one_group(const Model& model, double weight_decay) {
  std::vector<at::Tensor> parameters;
  for (const auto& [name, tensor] : model.parameters()) parameters.push_back(tensor);
  return one_group(std::move(parameters), weight_decay);
}

constexpr binade_policy fp32_policy = full_precision();

// fp16 with these constants, and as in PyTorch without a floor.
constexpr binade_policy scaling(double init_scale, double growth, double backoff, std::int64_t interval) {
  auto policy = autocast(BINADE_FLOAT16);
  policy.dynamic_scaling = 1;
  policy.init_scale = init_scale;
  policy.growth_factor = growth;
  policy.backoff_factor = backoff;
  policy.growth_interval = interval;
  policy.min_scale = 0;
  return policy;
}

}  // namespace binade::host::testing
