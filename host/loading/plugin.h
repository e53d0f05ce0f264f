// An opened plugin: its table of calls, and the one way in which the host calls it.
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
  const std::string& plugin() const { return plugin_; }  // id
  std::int32_t status() const { return status_; }        // BINADE_*

 private:
  std::string plugin_;
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

// The checked options of one plugin as the ABI shows them. Keep it alive during create() only.
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

// Takes what plugins log: BINADE_LOG_*, the plugin's id, one line; the same warning of an opened plugin once, so that
// one in every read() does not flood the terminal. Called from any thread, from several at once.
using PluginLog = std::function<void(std::int32_t level, const std::string& plugin, std::string_view text)>;

// An opened library. Copies share it; it is never unloaded: code of it may still be referred to.
class Plugin {
 public:
  // A plugin that is linked into this program, for tests of what uses plugins: no file, no note, no hash. `symbol` and
  // `host` outlive it; `symbol.table` is of the right kind.
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
  // Of the ABI: what both sides know.
  std::uint32_t abi_minor() const { return abi_minor_; }
  // The host's services for this plugin; they live as long as one of the copies of this object.
  const binade_host* host() const { return host_.get(); }

  double load_seconds() const { return load_seconds_; }
  // Shared by the copies of this object, and kept by whoever exports them. nullptr for a linked plugin.
  const std::shared_ptr<PluginMetrics>& metrics() const { return metrics_; }
  const std::shared_ptr<CallTimes>& call_times() const { return call_times_; }

  // The same plugin with other services, for the conformance kit. `host` outlives it.
  Plugin with_host(const binade_host* host) const {
    Plugin other = *this;
    other.host_ = {std::shared_ptr<const void>(), host};
    return other;
  }

  // The same plugin behind another table of its kind, likewise. `table` outlives it.
  Plugin with_table(const void* table) const {
    Plugin other = *this;
    other.table_ = table;
    return other;
  }

  // Some place in the memory that its library was loaded into.
  const void* address() const { return table_; }

  // The plugin's table, copied into a zeroed one of the host's size.
  template <class Table>
  Table table() const {
    Table table{};
    std::uint32_t size = 0;
    std::memcpy(&size, table_, sizeof(size));
    std::memcpy(&table, table_, size < sizeof(Table) ? size : sizeof(Table));
    return table;
  }

  // Calls the plugin: `plugin.call("read", [&](binade_error* error) { return table.read(self, &request, error); })`.
  // Throws PluginError when the status is not BINADE_OK, and when the plugin throws, which it must not. `name` is a
  // string literal.
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
      fail_thrown(name, "what is no std::exception");
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
