// A logger plugin, opened by the host's code, that receives events on this thread.
#pragma once

#include <memory>
#include <utility>

#include "host/telemetry/loggers/abi_events.h"
#include "host/telemetry/loggers/logger.h"
#include "tests/plugins/opened_plugin.h"

namespace binade::host {

class OpenedLogger {
 public:
  OpenedLogger(const std::string& file, const GivenOptions& given, RunDescription run)
      : opened_(file), options_(opened_.options(given)), events_(std::move(run)) {
    logger_ = std::make_unique<Logger>(opened_.plugin(), options_);
  }

  // Throws PluginError if the plugin fails.
  template <class Record>
  void tell(double time, const Record& record) {
    events_.convert(Event{time, record}, [this](const binade_event& event) { logger_->write(event); });
  }
  void flush() { logger_->flush(); }
  void close() { logger_.reset(); }

 private:
  OpenedPlugin opened_;
  OptionTable options_;
  AbiEvents events_;
  std::unique_ptr<Logger> logger_;
};

}  // namespace binade::host
