// In which precision a run computes: what the experiment asks for, and what becomes of that on this device.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <vector>

#include "host/engine/amp/precision_policy.h"
#include "host/engine/amp/precision_rules.h"
#include "host/engine_api/engine.h"

namespace binade::host {

struct PrecisionChoice {
  std::unique_ptr<PrecisionPolicy> policy;  // never null; its constants are what is in effect
  std::vector<PrecisionRule> rules;         // the experiment's, then the policy's; the first that fits counts
  std::string reason;                       // of the host's own choice; empty where a plugin was asked
};

// Asks the precision plugin, or chooses where the experiment says plugin = "auto"; and tells the listener what is
// replaced on this device and why. Throws PluginError, or std::runtime_error for a policy or rules that make no sense.
PrecisionChoice choose_precision(const TrainingRequest& request, c10::Device device);

// How long one matrix product takes in each precision; infinity where it was not tried.
struct ProductSeconds {
  double fp32, bf16, fp16;
};

// The host's own choice, from such a measurement: the fastest precision that pays. On a CPU fp32 or bf16: fp16 is some
// hundred times slower there where it is not native. On a GPU bf16 unless fp16 is much faster, since bf16 needs no
// scaling. `reason` says it in words.
struct OwnChoice {
  binade_policy policy;
  std::string reason;
};
OwnChoice auto_precision(const ProductSeconds& seconds, bool on_cpu);

// The shortest of a few products of square matrices, on this device and with the threads of this run. Takes some tenths
// of a second, and no random number.
ProductSeconds measure_products(c10::Device device);

}  // namespace binade::host
