// Converts the host's records to events of the logger ABI.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "binade/abi/logger.h"
#include "host/telemetry/loggers/event_queue.h"

namespace binade::host {

// The part of a run_start event that does not come from the engine.
struct RunDescription {
  std::string run_id;
  std::string name;             // [experiment] name
  std::string directory;        // absolute
  std::string metrics_address;  // empty when there is none
  bool interactive = false;     // standard output is a terminal
  bool color = false;
};

// One per logger, used on the logger's thread. Remembers the names of the model's scalars and parameters from the run's
// start.
class AbiEvents {
 public:
  explicit AbiEvents(RunDescription run) : run_(std::move(run)) {}

  // Calls `write` with the event, which is valid only during that call, with everything that it points to. The start of
  // a resumed run gives two events.
  void convert(const Event& event, const std::function<void(const binade_event&)>& write);

 private:
  RunDescription run_;
  std::vector<std::string> scalar_names_, parameter_names_;
};

}  // namespace binade::host
