#include "host/conformance/plugin_under_test.h"

#include <fmt/format.h>

#include "host/loading/open_plugin.h"

namespace binade::host {
Plugin open(const PluginUnderTest& subject) {
  return open_plugin(subject.file, [](std::int32_t, const std::string&, std::string_view) {});
}

Answer try_call(const std::string& name, const std::function<std::int32_t(binade_error*)>& call) {
  ErrorSink sink;
  std::int32_t status = BINADE_OK;
  try {
    status = call(sink.error());
  } catch (...) {
    throw Violation(fmt::format("an exception left {}()", name));
  }
  if (status != BINADE_OK && sink.message().empty()) {
    throw Violation(fmt::format("{}() failed with status {} and gave no reason", name, status));
  }
  return {status, sink.message()};
}

void must_succeed(const std::string& name, const std::function<std::int32_t(binade_error*)>& call) {
  const auto [status, message] = try_call(name, call);
  if (status != BINADE_OK) throw Violation(fmt::format("{}() failed: {} (status {})", name, message, status));
}

PluginInstance::PluginInstance(const Plugin& plugin, const binade_options* options)
    : table_(plugin.table<ObjectTable>()) {
  must_succeed("create", [&](binade_error* error) { return table_.create(plugin.host(), options, &self_, error); });
}

PluginInstance::~PluginInstance() { table_.destroy(self_); }

}  // namespace binade::host
