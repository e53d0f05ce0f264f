#include "host/engine/amp/effective_precision.h"

#include <algorithm>

#include "binade/precision.h"

namespace binade::host {

std::string_view precision_name(std::uint32_t compute_dtype) {
  switch (compute_dtype) {
    case BINADE_FLOAT16:
      return "fp16";
    case BINADE_BFLOAT16:
      return "bf16";
    default:
      return "fp32";
  }
}

EffectivePrecision effective_precision(const binade_policy& asked, std::optional<bool> use_amp, bool on_cpu,
                                       bool cpu_allowed, bool half_overrides) {
  auto fp32 = asked;
  fp32.compute_dtype = BINADE_FLOAT32;
  fp32.autocast = 0;
  fp32.dynamic_scaling = 0;
  if (use_amp == false) return {fp32, {}};

  auto policy = asked;
  if (use_amp == true && asked.autocast == 0) {
    // torch.amp's own: fp16 under a GradScaler with its default constants.
    policy = binade::autocast(BINADE_FLOAT16);
    policy.dynamic_scaling = 1;
  }
  const bool half_for_some = policy.autocast == 0 && half_overrides;
  if (half_for_some) {
    policy.compute_dtype = BINADE_FLOAT32;
    policy.autocast = 1;
  }
  if (policy.autocast == 0 || !on_cpu || cpu_allowed) return {policy, {}};
  const std::string name(half_for_some ? "half precision" : precision_name(policy.compute_dtype));
  return {fp32, "[precision] asks for " + name + ", but this run is on the CPU, where " + name +
                    " autocast is slower than fp32: it runs in fp32. `cpu = \"allow\"` in [precision] runs " + name +
                    " anyway."};
}

bool ask_for_half(const std::vector<PrecisionRule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return rule.dtype != BINADE_FLOAT32; });
}

std::string warning_about(const std::vector<PrecisionRule>& rules, const binade_policy& policy) {
  const bool asked = std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return !rule.by_plugin; });
  if (policy.autocast != 0 || !asked) return {};
  return "[precision.overrides] and [precision.operations] have no effect: this run computes in fp32, without the "
         "autocast that they belong to";
}

}  // namespace binade::host
