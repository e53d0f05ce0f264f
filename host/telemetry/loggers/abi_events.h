// The host's records as the events of the logger ABI.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "binade/abi/logger.h"
#include "host/telemetry/loggers/event_queue.h"

namespace binade::host {

// What a logger is told of the run beside the engine's own words.
struct RunDescription {
  std::string run_id;
  std::string name;             // [experiment] name
  std::string directory;        // absolute
  std::string metrics_address;  // empty when there is none
  bool interactive = false;     // standard output is a terminal
  bool color = false;
};

// One per logger, used on its thread: remembers from the run's start how the model's scalars and
// parameters are named.
class AbiEvents {
 public:
  explicit AbiEvents(RunDescription run) : run_(std::move(run)) {}

  // Calls `write` with the event; it and all it points to are valid during that call. The start of a resumed run is two
  // events.
  void convert(const Event& event, const std::function<void(const binade_event&)>& write);

 private:
  RunDescription run_;
  std::vector<std::string> scalar_names_, parameter_names_;
};

}  // namespace binade::host
