// The precision that a run really computes in, which may differ from the one asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "binade/abi/precision.h"

namespace binade::host {

struct EffectivePrecision {
  binade_policy policy;
  std::string warning;  // not empty: what was asked for was replaced by fp32, and why
};

// `use_amp`: the experiment's [precision] use_amp. Absent, the policy stands; true makes an fp32 policy fp16 with
// PyTorch's dynamic scaling; false makes every policy fp32. Then, on the CPU, autocast falls back to fp32 with a
// warning unless the experiment says [precision] cpu = "allow": it is slower there, and without native support some
// hundred times slower.
EffectivePrecision effective_precision(const binade_policy& asked, std::optional<bool> use_amp, bool on_cpu,
                                       bool cpu_allowed);

std::string_view precision_name(std::uint32_t compute_dtype);  // "fp32", "bf16", "fp16"

}  // namespace binade::host
