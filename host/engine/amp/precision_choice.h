// The precision that a run computes in: what the experiment asks for, and what this device makes of it.
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
  std::unique_ptr<PrecisionPolicy> policy;  // never null; its constants are in effect
  std::vector<PrecisionRule> rules;         // the experiment's, then the policy's; the first match counts
  std::string reason;                       // of the host's own choice; empty where a plugin was asked
};

// Asks the precision plugin, or chooses where the experiment says plugin = "auto"; and tells the listener what is
// replaced on this device and why. Throws PluginError, or std::runtime_error for an invalid policy or invalid rules.
PrecisionChoice choose_precision(const TrainingRequest& request, c10::Device device);

// How long one matrix product takes in each precision; infinity where it was not measured.
struct ProductSeconds {
  double fp32, bf16, fp16;
};

// The host's own choice, from such a measurement: the fastest precision that pays. On a CPU fp32 or bf16: fp16 is some
// hundred times slower where it is not native. On a GPU bf16 unless fp16 is much faster, since bf16 needs no scaling.
// `reason` explains it.
struct OwnChoice {
  binade_policy policy;
  std::string reason;
};
OwnChoice auto_precision(const ProductSeconds& seconds, bool on_cpu);

// The shortest time of a few products of square matrices, on this device and with the threads of this run. Takes some
// tenths of a second. Draws no random numbers.
ProductSeconds measure_products(c10::Device device);

}  // namespace binade::host
