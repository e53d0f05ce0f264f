// Reports LibTorch's own warnings as the run's.
#pragma once

#include <c10/util/Exception.h>

#include <set>
#include <string>

#include "binade/abi/plugin.h"
#include "host/events/events.h"

namespace binade::host {

// While it lives, LibTorch's warnings on this thread go to the listener, each text once, without the position in
// LibTorch's sources.
class TorchWarnings : public c10::WarningHandler {
 public:
  explicit TorchWarnings(RunListener& listener) : listener_(listener), guard_(this) {}

  void process(const c10::Warning& warning) override {
    if (told_.insert(warning.msg()).second) listener_.message(BINADE_LOG_WARNING, "LibTorch: " + warning.msg());
  }

 private:
  RunListener& listener_;
  std::set<std::string> told_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

}  // namespace binade::host
