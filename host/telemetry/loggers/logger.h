// Where a logger's thread puts its events: a logger plugin, as a rule.
#pragma once

#include "binade/abi/logger.h"
#include "host/experiment/schema/option.h"
#include "host/loading/plugin.h"

namespace binade::host {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // On the logger's thread. What they throw is counted.
  virtual void write(const binade_event& event) = 0;
  virtual void flush() = 0;
};

class Logger : public EventSink {
 public:
  // Creates the plugin's logger. Throws PluginError. Main thread.
  Logger(Plugin plugin, const OptionTable& options);
  ~Logger() override;  // main thread
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void write(const binade_event& event) override;  // throws PluginError
  void flush() override;                           // throws PluginError

 private:
  Plugin plugin_;
  binade_logger_table table_;
  void* self_ = nullptr;
};

}  // namespace binade::host
