#include "tests/engine/golden_trace.h"

#include <cmath>
#include <sstream>

#include "host/engine/loop/train_step.h"
#include "tests/engine/trace_parts.h"

namespace binade::host::testing {
namespace {

// checksum: sum of p[i] (1 + i % 7) over all parameters, flattened; param_norm: their norm. Both in double.
std::pair<double, double> checksum() {
  double sum = 0, squares = 0;
  std::int64_t i = 0;
  for (const auto& [name, parameter] : TensorModel::parameters) {
    const float* values = parameter.const_data_ptr<float>();
    for (std::int64_t k = 0; k < parameter.numel(); ++k, ++i) {
      sum += static_cast<double>(values[k]) * static_cast<double>(1 + i % 7);
      squares += static_cast<double>(values[k]) * static_cast<double>(values[k]);
    }
  }
  return {sum, std::sqrt(squares)};
}

// "" where `got` is `expected` give or take `allowed`.
std::string difference(const std::string& what, double got, double expected, double allowed) {
  if (std::abs(got - expected) <= allowed) return "";
  std::ostringstream text;
  text.precision(17);
  text << what << ": " << got << " for the recorded " << expected << ", which may differ by " << allowed;
  return text.str();
}

std::string step_difference(const StepRecord& record, const Json& given, const Tolerance& allowed) {
  Fields expected(given, "a step of it");
  const auto [sum, norm] = checksum();
  std::string found;
  const auto compare = [&found](const std::string& what, double got, double wanted, double tolerance) {
    if (found.empty()) found = difference(what, got, wanted, tolerance);
  };
  const double lr = expected.number("lr"), loss = expected.number("loss");
  compare("lr", record.learning_rate, lr, 1e-12 * lr);
  compare("loss", record.loss, loss, allowed.loss * std::abs(loss));
  if (const auto& wanted = expected.at("grad_norm"); !wanted.is_null()) {
    compare("grad_norm", record.gradient_norm, wanted, allowed.norm * wanted.get<double>());
  } else if (std::isfinite(record.gradient_norm)) {
    found += "grad_norm: " + std::to_string(record.gradient_norm) + " where the recorded is not finite";
  }
  if (const auto* scale = expected.find("scale")) compare("scale", record.next_loss_scale, *scale, 0);
  if (const auto* tracker = expected.find("growth_tracker")) {
    compare("growth_tracker", static_cast<double>(record.growth_tracker), *tracker, 0);
  }
  if (const auto* stepped = expected.find("stepped")) {
    compare("stepped", record.skipped ? 0 : 1, stepped->get<bool>() ? 1 : 0, 0);
  }
  const double wanted_norm = expected.number("param_norm");
  compare("param_norm", norm, wanted_norm, allowed.checksum * wanted_norm);
  compare("checksum", sum, expected.number("checksum"), allowed.checksum * 4 * norm);
  expected.done();
  return found;
}

std::string final_difference(const Json& final_params, const Tolerance& allowed) {
  const double tolerance = allowed.checksum * 4 * checksum().second;
  for (std::size_t i = 0; i < TensorModel::parameters.size(); ++i) {
    const auto& [name, got] = TensorModel::parameters[i];
    const double worst = got.detach().sub(tensor_of(final_params.at(i))).abs().max().item<double>();
    auto found = difference("the largest difference in " + name + " at the end", worst, 0, tolerance);
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace

std::string replay_trace(const Json& run) {
  Fields fields(run, "the trace");
  for (const auto* remark : {"name", "note", "tags"}) fields.pass_over(remark);
  Tolerance allowed{};
  set_up_model(fields);
  const auto steps = fields.at("steps").get<std::uint64_t>();
  const auto accumulation = fields.at("accumulation").get<std::uint64_t>();
  const auto [dataset, micro_batch_size] = data_of(fields, steps * accumulation);
  const auto split = dataset.split("train");
  Model model(TensorModel::plugin(), OptionTable{}, {dataset.fields().front().name}, c10::Device(c10::kCPU));
  const auto settings =
      fields.text("loss") == "mse" ? task_settings("mse", "y") : task_settings("cross_entropy", "label");
  const Task task(settings, dataset, model);
  BatchLoader batches(dataset, split, Sampler(split.size, micro_batch_size, Order::sequential, true, 0, Shard{}), true,
                      0, 0, 1, 0, 0);
  PrecisionPolicy precision(policy_of(fields, allowed));
  const auto traced = optimizer_of(fields.at("optimizer"));
  const auto schedule = schedule_of(fields.at("schedule"), steps);
  const auto& clip = fields.at("clip_max_norm");
  const auto &expected = fields.at("expect"), &final_params = fields.at("final_params");
  fields.done();
  if (expected.size() != steps) fields.refuse("expect\" of another number of steps");
  auto training = make_training({.model = model,
                                 .task = task,
                                 .batches = batches,
                                 .precision = precision,
                                 .parameters = one_group(model, traced.weight_decay),
                                 .optimizer = traced.settings,
                                 .schedule = schedule.settings,
                                 .lr = schedule.lr,
                                 .schedule_steps = schedule.steps,
                                 .accumulate = accumulation,
                                 .clip_norm = clip.is_null() ? 0 : clip.get<double>()});
  TrainStep step(training);
  StepRecord record;
  for (std::uint64_t index = 0; index < steps; ++index) {
    ++record.step;
    step.run(record);
    const auto found = step_difference(record, expected[index], allowed);
    if (!found.empty()) return "step " + std::to_string(index) + ": " + found;
  }
  return final_difference(final_params, allowed);
}

}  // namespace binade::host::testing
