// The precision that a run really computes in, which may differ from the one asked for.
#pragma once

#include <string>
#include <string_view>

#include "binade/abi/precision.h"

namespace binade::host {

struct EffectivePrecision {
  binade_policy policy;
  std::string warning;  // not empty: the policy was replaced by fp32, and why
};

// On the CPU, autocast asked for falls back to fp32 unless the experiment says [precision] cpu = "allow": it is slower
// there, and without native support some hundred times slower.
EffectivePrecision effective_precision(const binade_policy& asked, bool on_cpu, bool cpu_allowed);

std::string_view precision_name(std::uint32_t compute_dtype);  // "fp32", "bf16", "fp16"

}  // namespace binade::host
