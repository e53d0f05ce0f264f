#include "tests/engine/trace_parts.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tanh.h>

namespace binade::host::testing {
namespace {

using Activation = at::Tensor (*)(const at::Tensor&);
Activation activation_of(Fields& fields) {
  const auto name = fields.text("activation");
  if (name == "tanh") return [](const at::Tensor& x) { return at::tanh(x); };
  if (name == "relu") return [](const at::Tensor& x) { return at::relu(x); };
  if (name == "gelu") return [](const at::Tensor& x) { return at::gelu(x); };
  fields.refuse("activation\": \"" + name + "\"");
}

template <class Row>
std::vector<Row> drawn(const Json& rows, std::uint64_t count) {
  const auto all = rows.get<std::vector<Row>>();
  std::vector<Row> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(all[i % all.size()]);
  return out;
}

}  // namespace

at::Tensor tensor_of(const Json& numbers) {
  std::vector<float> values;
  std::vector<std::int64_t> shape;
  for (const auto* level = &numbers; level->is_array(); level = &level->front()) {
    shape.push_back(static_cast<std::int64_t>(level->size()));
  }
  const auto flat = numbers.front().is_array() ? numbers : Json::array({numbers});
  for (const auto& row : flat) {
    for (const auto& value : row) values.push_back(value.get<float>());
  }
  return at::from_blob(values.data(), shape, at::kFloat).clone();
}

void set_up_model(Fields& fields) {
  TensorModel::parameters.clear();
  const auto& params = fields.at("params");
  const auto layers = fields.at("layers").get<std::vector<std::int64_t>>();
  if (layers.size() < 2 || params.size() != 2 * (layers.size() - 1)) fields.refuse("params\" of another number");
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto name = (i % 2 == 0 ? "w" : "b") + std::to_string(i / 2);
    const auto tensor = tensor_of(params[i]);
    const auto in = layers[i / 2], out = layers[i / 2 + 1];
    if (tensor.sizes() != (i % 2 == 0 ? at::IntArrayRef({out, in}) : at::IntArrayRef({out}))) {
      fields.refuse("params\" that do not fit its layers");
    }
    TensorModel::parameters.emplace_back(name, tensor.clone().requires_grad_(true));
  }
  TensorModel::forward = [activate = activation_of(fields)](const std::vector<at::Tensor>& inputs) {
    auto h = inputs[0];
    const auto& parameters = TensorModel::parameters;
    for (std::size_t layer = 0; layer * 2 < parameters.size(); ++layer) {
      h = at::linear(h, parameters[2 * layer].second, parameters[2 * layer + 1].second);
      if ((layer + 1) * 2 < parameters.size()) h = activate(h);
    }
    return h;
  };
}

binade_policy policy_of(Fields& fields, Tolerance& allowed) {
  auto policy = fp32_policy;
  const auto precision = fields.text("precision");
  if (precision == "amp_fp16") {
    policy.compute_dtype = BINADE_FLOAT16;
    allowed = {3e-4, 6e-4, 1e-4};
  } else if (precision == "amp_bf16") {
    policy.compute_dtype = BINADE_BFLOAT16;
    allowed = {2e-4, 1e-3, 1e-4};
  } else if (precision == "fp32") {
    allowed = {1e-5, 1e-5, 1e-5};
  } else {
    fields.refuse("precision\": \"" + precision + "\"");
  }
  policy.autocast = precision == "fp32" ? 0 : 1;
  if (const auto& given = fields.at("scaler"); !given.is_null()) {
    Fields scaler(given, "its scaler");
    const auto* enabled = scaler.find("enabled");
    policy.dynamic_scaling = enabled == nullptr || enabled->get<bool>() ? 1 : 0;
    policy.init_scale = scaler.number("init_scale");
    policy.growth_factor = scaler.number("growth_factor");
    policy.backoff_factor = scaler.number("backoff_factor");
    policy.growth_interval = scaler.integer("growth_interval");
    policy.min_scale = 0;  // PyTorch has no floor
    scaler.done();
  }
  return policy;
}

TracedOptimizer optimizer_of(const Json& given) {
  Fields fields(given, "its optimizer");
  const auto type = fields.text("type");
  TracedOptimizer out{{}, fields.number("weight_decay")};
  if (type == "sgd") {
    out.settings = sgd(fields.number("momentum"), fields.boolean("nesterov"), fields.number("dampening"));
  } else if (type == "adamw" || type == "adam") {
    const auto& betas = fields.at("betas");
    out.settings = adamw(betas.at(0), betas.at(1), fields.number("eps"));
    out.settings.name = type;
    fields.must_be_off("amsgrad");
  } else if (type == "adagrad") {
    out.settings = {.name = type,
                    .eps = fields.number("eps"),
                    .lr_decay = fields.number("lr_decay"),
                    .initial_accumulator = fields.number("initial_accumulator_value")};
  } else if (type == "rmsprop") {
    out.settings = {.name = type,
                    .eps = fields.number("eps"),
                    .momentum = fields.number("momentum"),
                    .alpha = fields.number("alpha")};
    fields.must_be_off("centered");
  } else {
    fields.refuse("type\": \"" + type + "\"");
  }
  fields.must_be_off("maximize");
  for (const auto* implementation : {"foreach", "fused", "capturable", "differentiable"}) {
    fields.pass_over(implementation);
  }
  fields.done();
  return out;
}

TracedSchedule schedule_of(const Json& given, std::uint64_t steps) {
  Fields fields(given, "its schedule");
  const auto type = fields.text("type");
  auto settings = constant_schedule();
  auto total = steps;
  if (type == "warmup_cosine") {
    settings = cosine_schedule(fields.at("warmup_steps").get<std::uint64_t>(), fields.number("min_lr"));
    total = fields.at("total_steps").get<std::uint64_t>();
  } else if (type != "constant") {
    fields.refuse("type\": \"" + type + "\"");
  }
  const double lr = fields.number("base_lr");
  fields.done();
  return {settings, lr, total};
}

TracedData data_of(Fields& run, std::uint64_t micro_batches) {
  Fields data(run.at("data"), "its data");
  const auto size = data.at("micro_batch_size").get<std::uint64_t>();
  const auto &inputs = data.at("inputs"), &targets = data.at("targets");
  data.done();
  if (inputs.size() != targets.size() || inputs.size() % size != 0) data.refuse("inputs\" that make no whole batches");
  const auto loss = run.text("loss");
  if (loss == "mse") {
    Rows::x = drawn<std::vector<float>>(inputs, micro_batches * size);
    Rows::y = drawn<std::vector<float>>(targets, micro_batches * size);
    return {Dataset(dataset_plugin<Rows>(), OptionTable{}), size};
  }
  if (loss != "cross_entropy") run.refuse("loss\": \"" + loss + "\"");
  LabelledRows::features = drawn<std::vector<float>>(inputs, micro_batches * size);
  LabelledRows::labels = drawn<std::int64_t>(targets, micro_batches * size);
  return {Dataset(dataset_plugin<LabelledRows>(), OptionTable{}), size};
}

}  // namespace binade::host::testing
