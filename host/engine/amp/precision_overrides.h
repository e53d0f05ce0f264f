// Precision overrides: operations that run under autocast in a precision of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/engine/amp/precision_rules.h"
#include "host/engine/model/model.h"

namespace binade::host {

// While installed, in every region of autocast, on any thread: an operation that uses a parameter of a rule, or one of
// its views, gets its floating-point tensors cast to the rule's dtype, runs below autocast and returns that dtype; so
// does every call of an operation of a rule. Where several rules match a call, the first counts. As in autocast itself,
// double and integer tensors are left alone, and gradients reach the parameters in their own dtype. A parameter is
// identified by its memory, so tied weights count under the name that the model lists first. Only the input of batch
// and instance norm is cast: LibTorch keeps their statistics and weights in fp32.
//
// Kernels on the dispatch key of autocast implement the rules; they replace LibTorch's own and call these for
// everything else. They exist between install() and the end of this object: without rules, or without autocast, nothing
// changes. One object at a time may be installed.
class PrecisionOverrides {
 public:
  // Throws std::runtime_error for an experiment's pattern that matches no parameter, and for an operation that does not
  // exist or has no precision to choose.
  PrecisionOverrides(const Model& model, const std::vector<PrecisionRule>& rules);
  ~PrecisionOverrides();
  PrecisionOverrides(const PrecisionOverrides&) = delete;
  PrecisionOverrides& operator=(const PrecisionOverrides&) = delete;

  // [no other thread runs LibTorch] For regions of autocast of this device.
  void install(c10::DeviceType device);
  // The experiment's rules that have matched no call since then: "[precision.operations] softmax".
  std::vector<std::string> unused() const;

 private:
  struct State;
  class Kernel;
  struct Installed;
  std::vector<PrecisionRule> rules_;
  std::shared_ptr<State> state_;
  std::unique_ptr<Installed> installed_;
};

}  // namespace binade::host
