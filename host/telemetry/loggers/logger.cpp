// Calls the functions of the logger table.
#include "host/telemetry/loggers/logger.h"

#include <utility>

namespace binade::host {

Logger::Logger(Plugin plugin, const OptionTable& options)
    : plugin_(std::move(plugin)), table_(plugin_.table<binade_logger_table>()) {
  const OptionsView view(options);
  plugin_.call("create",
               [&](binade_error* error) { return table_.create(plugin_.host(), view.table(), &self_, error); });
}

Logger::~Logger() { table_.destroy(self_); }

void Logger::write(const binade_event& event) {
  plugin_.call("write", [&](binade_error* error) { return table_.write(self_, &event, error); });
}

void Logger::flush() {
  if (table_.flush == nullptr) return;
  plugin_.call("flush", [&](binade_error* error) { return table_.flush(self_, error); });
}

}  // namespace binade::host
