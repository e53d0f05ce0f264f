// Runs all checks of one plugin.
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

// Runs each check in a child process and calls `report` with each result. Stops after a failed check that others need.
// The caller may have loaded LibTorch but must not have used it, because a model's children use it after the fork.
std::vector<CheckResult> validate(const PluginUnderTest& subject, std::chrono::milliseconds limit,
                                  const std::function<void(const CheckResult&)>& report);

}  // namespace binade::host
