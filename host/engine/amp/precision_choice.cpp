#include "host/engine/amp/precision_choice.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "binade/precision.h"
#include "host/engine/amp/effective_precision.h"

namespace binade::host {
namespace {

constexpr double worth_it = 1.2;       // times as fast as fp32: casting has a cost, too
constexpr double worth_scaling = 1.3;  // times as fast as bf16
constexpr double untried = std::numeric_limits<double>::infinity();

double product_seconds(c10::Device device, c10::ScalarType type) {
  constexpr std::int64_t size_on_cpu = 384, size_on_gpu = 4096;
  constexpr int repeats = 7;
  const auto size = device.is_cpu() ? size_on_cpu : size_on_gpu;
  const auto matrix = at::full({size, size}, 0.5, at::TensorOptions().device(device).dtype(type));
  double shortest = untried;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    at::matmul(matrix, matrix).select(0, 0).select(0, 0).item();  // waits for a GPU
    shortest = std::min(shortest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return shortest;
}

std::string milliseconds(double seconds) { return fmt::format("{:.2g} ms", 1e3 * seconds); }

void require_scaled(const std::vector<PrecisionRule>& rules, const binade_policy& policy) {
  if (policy.autocast == 0 || policy.dynamic_scaling != 0) return;
  for (const auto& rule : rules) {
    if (rule.by_plugin || rule.dtype != BINADE_FLOAT16) continue;
    throw std::runtime_error(fmt::format(
        "[precision] wants `{}` in fp16, and its policy computes in {} without scaling the loss: small gradients would "
        "become 0. Write bf16, which needs no scaling, or take a policy that scales and list what is not fp16",
        rule.name, precision_name(policy.compute_dtype)));
  }
}

}  // namespace

ProductSeconds measure_products(c10::Device device) {
  const at::NoGradGuard no_grad;
  return {product_seconds(device, at::kFloat), product_seconds(device, at::kBFloat16),
          device.is_cpu() ? untried : product_seconds(device, at::kHalf)};
}

OwnChoice auto_precision(const ProductSeconds& seconds, bool on_cpu) {
  const auto measured = fmt::format("a matrix product takes {} in fp32, {} in bf16{}", milliseconds(seconds.fp32),
                                    milliseconds(seconds.bf16),
                                    seconds.fp16 == untried ? "" : ", " + milliseconds(seconds.fp16) + " in fp16");
  if (seconds.bf16 > seconds.fp32 / worth_it && seconds.fp16 > seconds.fp32 / worth_it) {
    return {full_precision(),
            fmt::format("fp32, since mixed precision would not pay on this {}: {}", on_cpu ? "CPU" : "GPU", measured)};
  }
  if (seconds.fp16 < seconds.bf16 / worth_scaling) {
    auto policy = autocast(BINADE_FLOAT16);
    policy.dynamic_scaling = 1;
    return {policy, "fp16 with dynamic loss scaling, the fastest here: " + measured};
  }
  return {autocast(BINADE_BFLOAT16), "bf16, which pays here and needs no loss scaling: " + measured};
}

PrecisionChoice choose_precision(const TrainingRequest& request, c10::Device device) {
  const auto& section = request.experiment.precision;
  const auto use_amp =
      section.reserved.has("use_amp") ? std::optional(section.reserved.boolean("use_amp")) : std::nullopt;
  PrecisionChoice choice;
  choice.rules = precision_rules(section.reserved);
  bool cpu_allowed = section.reserved.string("cpu") == "allow";
  if (request.precision != nullptr) {
    choice.policy = std::make_unique<PrecisionPolicy>(*request.precision, section.options);
    for (auto& rule : choice.policy->overrides()) choice.rules.push_back(std::move(rule));
  } else {
    auto [policy, reason] = auto_precision(measure_products(device), device.is_cpu());
    choice.policy = std::make_unique<PrecisionPolicy>(policy);
    choice.reason = std::move(reason);
    cpu_allowed = true;  // the measurement shows that it pays
    request.listener.message(BINADE_LOG_INFO, "[precision] chose " + choice.reason);
  }
  const auto [policy, warning] = effective_precision(choice.policy->constants(), use_amp, device.is_cpu(), cpu_allowed,
                                                     ask_for_half(choice.rules));
  choice.policy->replace(policy);
  require_scaled(choice.rules, policy);
  for (const auto& text : {warning, warning_about(choice.rules, policy)}) {
    if (!text.empty()) request.listener.message(BINADE_LOG_WARNING, text);
  }
  return choice;
}

}  // namespace binade::host
