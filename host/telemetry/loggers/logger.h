// The receiver of a logger thread's events, usually a logger plugin.
#pragma once

#include "binade/abi/logger.h"
#include "host/experiment/schema/option.h"
#include "host/loading/plugin.h"

namespace binade::host {

class EventSink {
 public:
  virtual ~EventSink() = default;
  // Called on the logger's thread. Exceptions are counted.
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
