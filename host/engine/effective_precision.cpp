#include "host/engine/effective_precision.h"

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

EffectivePrecision effective_precision(const binade_policy& asked, bool on_cpu, bool cpu_allowed) {
  if (asked.autocast == 0 || !on_cpu || cpu_allowed) return {asked, {}};
  const std::string name(precision_name(asked.compute_dtype));
  auto policy = asked;
  policy.compute_dtype = BINADE_FLOAT32;
  policy.autocast = 0;
  policy.dynamic_scaling = 0;
  return {policy, "[precision] asks for " + name + ", but this run is on the CPU, where " + name +
                      " autocast is slower than fp32: it runs in fp32. `cpu = \"allow\"` in [precision] runs " + name +
                      " anyway."};
}

}  // namespace binade::host
