// An opened plugin with its table of calls. The host calls plugins only through this class.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "binade/abi/plugin.h"
#include "host/experiment/schema/manifest.h"
#include "host/loading/plugin_file.h"
#include "host/loading/plugin_metrics.h"

namespace binade::host {

// A call into a plugin failed. what() names plugin, version, call and the plugin's own message.
class PluginError : public std::runtime_error {
 public:
  PluginError(const std::string& plugin, const std::string& version, std::string_view call, std::int32_t status,
              const std::string& message);
  const std::string& plugin() const { return plugin_; }    // id
  std::int32_t status() const { return status_; }          // BINADE_*
  const std::string& message() const { return message_; }  // the plugin's own

 private:
  std::string plugin_, message_;
  std::int32_t status_;
};

// The error sink of one call. Hand error() to the plugin; it calls set() at most once.
class ErrorSink {
 public:
  ErrorSink();
  binade_error* error() { return &sink_.base; }
  const std::string& message() const { return message_; }

 private:
  struct Sink {
    binade_error base;  // first: the plugin's pointer is a pointer to this
    ErrorSink* owner;
  };
  Sink sink_;
  std::string message_;
};

// The checked options of one plugin as the ABI presents them. Must live during create() only.
class OptionsView {
 public:
  explicit OptionsView(const OptionTable& options);
  const binade_options* table() const { return &view_.base; }

 private:
  struct View {
    binade_options base;
    const OptionTable* options;
  };
  View view_;
};

// Receives a line that a plugin logs, with BINADE_LOG_* and the plugin's id. An opened plugin's identical warnings
// arrive once, so that a warning in every read() does not flood the terminal. Called from several threads at once.
using PluginLog = std::function<void(std::int32_t level, const std::string& plugin, std::string_view text)>;

// An opened library, which copies share. It is never unloaded, because something may still refer to its code.
class Plugin {
 public:
  // For tests: a plugin that is linked into this program, without file, note and hash. `symbol` and `host` must outlive
  // it, and `symbol.table` must be of the right kind.
  static Plugin linked(const binade_plugin& symbol, std::string id, const binade_host* host) {
    Plugin plugin;
    plugin.id_ = std::move(id);
    plugin.version_ = "0.0.0";
    plugin.path_ = "linked";
    plugin.kind_ = static_cast<PluginKind>(symbol.kind);
    plugin.host_ = {std::shared_ptr<const void>(), host};  // not owned
    plugin.table_ = symbol.table;
    return plugin;
  }

  const std::string& id() const { return id_; }
  const std::string& version() const { return version_; }
  const std::filesystem::path& path() const { return path_; }
  PluginKind kind() const { return kind_; }
  const std::string& sha256() const { return sha256_; }
  // The ABI minor that both sides know.
  std::uint32_t abi_minor() const { return abi_minor_; }
  // The host's services for this plugin. They live as long as any copy of this object.
  const binade_host* host() const { return host_.get(); }

  double load_seconds() const { return load_seconds_; }
  // Shared by the copies of this object and by exporters. nullptr for a linked plugin.
  const std::shared_ptr<PluginMetrics>& metrics() const { return metrics_; }
  const std::shared_ptr<CallTimes>& call_times() const { return call_times_; }

  // For the conformance kit: the same plugin with other services. `host` must outlive it.
  Plugin with_host(const binade_host* host) const {
    Plugin other = *this;
    other.host_ = {std::shared_ptr<const void>(), host};
    return other;
  }

  // For the conformance kit: the same plugin behind another table of its kind. `table` must outlive it.
  Plugin with_table(const void* table) const {
    Plugin other = *this;
    other.table_ = table;
    return other;
  }

  // An address within the loaded library.
  const void* address() const { return table_; }

  // Returns the plugin's table, copied into a zeroed table of the host's size.
  template <class Table>
  Table table() const {
    Table table{};
    std::uint32_t size = 0;
    std::memcpy(&size, table_, sizeof(size));
    std::memcpy(&table, table_, size < sizeof(Table) ? size : sizeof(Table));
    return table;
  }

  // Calls the plugin: `plugin.call("read", [&](binade_error* error) { return table.read(self, &request, error); })`.
  // Throws PluginError when the status is not BINADE_OK, and when the plugin throws, which it must not do. `name` must
  // be a string literal.
  template <class Call>
  void call(const char* name, Call&& call) const {
    ErrorSink sink;
    std::int32_t status = BINADE_OK;
    try {
      const CallTimes::Mark under_way(call_times_.get(), name);
      status = call(sink.error());
    } catch (const std::exception& error) {
      fail_thrown(name, error.what());
    } catch (...) {
      fail_thrown(name, "an exception that is not a std::exception");
    }
    if (status != BINADE_OK) fail(name, status, sink.message());
  }

 private:
  friend Plugin open_plugin(const PluginFile& file, PluginLog log, std::uint32_t spoken_minor);
  Plugin() = default;
  [[noreturn]] void fail_thrown(const char* call, std::string_view what) const;
  [[noreturn]] void fail(const char* call, std::int32_t status, const std::string& message) const;

  std::string id_, version_, sha256_;
  std::filesystem::path path_;
  PluginKind kind_ = PluginKind::model;
  std::shared_ptr<const binade_host> host_;
  std::shared_ptr<PluginMetrics> metrics_;
  std::shared_ptr<CallTimes> call_times_;
  double load_seconds_ = 0;
  std::uint32_t abi_minor_ = BINADE_ABI_MINOR;
  const void* table_ = nullptr;
};

}  // namespace binade::host
