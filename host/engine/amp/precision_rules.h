// Rules for what runs in a precision of its own: the lines of [precision.overrides] and [precision.operations], and
// those that a precision plugin adds. No LibTorch here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binade/abi/precision.h"
#include "host/experiment/schema/option.h"

namespace binade::host {

struct PrecisionRule {
  enum class Kind : std::uint32_t { parameters = BINADE_OVERRIDE_PARAMETERS, operation = BINADE_OVERRIDE_OPERATION };
  Kind kind;
  std::string name;        // a pattern of parameters' names, or an operation
  std::uint32_t dtype;     // BINADE_FLOAT32, BINADE_BFLOAT16 or BINADE_FLOAT16
  bool by_plugin = false;  // a policy does not know the model, so its patterns need not match
};

// Of the experiment's [precision]: the parameters in their order, then the operations.
inline std::vector<PrecisionRule> precision_rules(const OptionTable& precision) {
  std::vector<PrecisionRule> rules;
  const auto append = [&](PrecisionRule::Kind kind, const char* table) {
    for (const auto& [name, word] : precision.entries(table)) {
      const std::uint32_t dtype = word == "fp16" ? BINADE_FLOAT16 : word == "bf16" ? BINADE_BFLOAT16 : BINADE_FLOAT32;
      rules.push_back({kind, name, dtype});
    }
  };
  append(PrecisionRule::Kind::parameters, "overrides");
  append(PrecisionRule::Kind::operation, "operations");
  return rules;
}

}  // namespace binade::host
