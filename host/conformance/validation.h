// All checks of one plugin, one after the other.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "host/conformance/checks.h"

namespace binade::host {

struct CheckResult {
  std::string name;
  std::string failure;  // empty: passed
  double seconds = 0;
};

// Runs each check in a child of its own and tells `report` of each. When one fails that others need, it is the last.
// A model's children do what they need LibTorch for: nothing here may have used it before but to load it.
std::vector<CheckResult> validate(const PluginUnderTest& subject, std::chrono::milliseconds limit,
                                  const std::function<void(const CheckResult&)>& report);

}  // namespace binade::host
