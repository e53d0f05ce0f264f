#include "host/engine/effective_precision.h"

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
                                       bool cpu_allowed) {
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
  if (policy.autocast == 0 || !on_cpu || cpu_allowed) return {policy, {}};
  const std::string name(precision_name(policy.compute_dtype));
  return {fp32, "[precision] asks for " + name + ", but this run is on the CPU, where " + name +
                    " autocast is slower than fp32: it runs in fp32. `cpu = \"allow\"` in [precision] runs " + name +
                    " anyway."};
}

}  // namespace binade::host
