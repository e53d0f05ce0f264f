// The precision that a run actually computes in, which may differ from the requested one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/precision.h"
#include "host/engine/amp/precision_rules.h"

namespace binade::host {

struct EffectivePrecision {
  binade_policy policy;
  std::string warning;  // not empty: why fp32 replaces the requested precision
};

// `use_amp`: the experiment's [precision] use_amp. Absent, the policy stands; true makes an fp32 policy fp16 with
// PyTorch's dynamic scaling; false makes every policy fp32. Then, on the CPU, autocast falls back to fp32 with a
// warning unless the experiment says [precision] cpu = "allow": it is slower there, and without native support some
// hundred times slower.
// `half_overrides`: some rule asks for half precision. Rules belong to autocast, so an fp32 policy then gets one whose
// own precision is fp32, under the same conditions.
EffectivePrecision effective_precision(const binade_policy& asked, std::optional<bool> use_amp, bool on_cpu,
                                       bool cpu_allowed, bool half_overrides = false);

// Says that rules have no effect where this policy does not use autocast; empty where it does.
std::string warning_about(const std::vector<PrecisionRule>& rules, const binade_policy& policy);
bool ask_for_half(const std::vector<PrecisionRule>& rules);

std::string_view precision_name(std::uint32_t compute_dtype);  // "fp32", "bf16", "fp16"

}  // namespace binade::host
