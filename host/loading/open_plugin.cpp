#include "host/loading/open_plugin.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "host/base/cache_folder.h"
#include "host/base/sha256.h"
#include "host/loading/abi_history.h"
#include "host/loading/elf/loader_words.h"
#include "host/loading/plugin_text.h"
#include "host/loading/table_calls.h"
#include "host/loading/told_once.h"

namespace binade::host {
namespace {

using boost::dll::load_mode::rtld_local;
using boost::dll::load_mode::rtld_now;

struct Services {
  binade_host base;  // first: the plugin's pointer is a pointer to this
  std::string plugin;
  std::once_flag cache_made;
  std::string cache;
  PluginLog log;
  ToldOnce warnings;
  std::shared_ptr<PluginMetrics> metrics;
};

Services& services_of(const binade_host* host) {
  // Ours, as every binade_host that plugins get. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  return *const_cast<Services*>(reinterpret_cast<const Services*>(host));
}

PluginMetrics& metrics_of(const binade_host* host) { return *services_of(host).metrics; }

binade_string cache_folder_of(const binade_host* host) noexcept {
  auto& of = services_of(host);
  try {
    std::call_once(of.cache_made, [&] { of.cache = make_cache_folder(of.plugin).string(); });
  } catch (const std::exception&) {
    return {};
  }
  return {of.cache.data(), of.cache.size()};
}

std::shared_ptr<const binade_host> make_services(const std::string& plugin, PluginLog log,
                                                 std::shared_ptr<PluginMetrics> metrics, std::uint32_t minor) {
  auto services = std::make_shared<Services>();
  services->plugin = plugin;
  services->log = std::move(log);
  services->metrics = std::move(metrics);
  auto& base = services->base;
  base.struct_size = host_size(minor);
  base.log = [](const binade_host* self, std::int32_t level, binade_string message) noexcept {
    try {
      auto& of = services_of(self);
      if (!of.log || message.data == nullptr) return;
      if (level == BINADE_LOG_WARNING && !of.warnings.is_new(view(message))) return;
      of.log(level, of.plugin, view(message));
    } catch (const std::exception&) {
      return;  // a line that cannot be logged must not end a run
    }
  };
  base.series = [](const binade_host* self, binade_string metric, const binade_label* labels,
                   std::uint64_t count) noexcept {
    return metrics_of(self).find(view(metric), labels, labels == nullptr ? 0 : count);
  };
  base.add = [](const binade_host* self, binade_series* s, double amount) noexcept { metrics_of(self).add(s, amount); };
  base.set = [](const binade_host* self, binade_series* s, double value) noexcept { metrics_of(self).set(s, value); };
  base.observe = [](const binade_host* self, binade_series* s, double value) noexcept {
    metrics_of(self).observe(s, value);
  };
  base.cache_folder = cache_folder_of;
  return {services, &base};
}

std::string demangle(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return name ? name.get() : symbol;
}

// Returns the text between `before` and one of the characters `end` or the end. Empty when `before` is absent.
std::string after(const std::string& text, std::string_view before, const char* end) {
  const auto found = text.find(before);
  if (found == std::string::npos) return {};
  const auto begin = found + before.size();
  return text.substr(begin, text.find_first_of(end, begin) - begin);
}

// Explains the dynamic linker's message and what to do. Empty when the message is clear enough.
std::string explain(const std::string& words) {
  if (const auto symbol = after(words, "undefined symbol: ", " ,\t"); !symbol.empty()) {
    return fmt::format(
        "it needs `{}`, which no library that it links provides: name the library in target_link_libraries()",
        demangle(symbol));
  }
  if (const auto version = after(words, "version `", "'"); !version.empty()) {
    return fmt::format("it was built on a newer system and needs {}, which this system lacks; build it here", version);
  }
  if (const auto end = words.find(": cannot open shared object file"); end != std::string::npos) {
    const auto before = words.substr(0, end).find_last_of(" /:");
    return fmt::format(
        "it needs the library {}, which was not found: install it, or name its folder in LD_LIBRARY_PATH",
        words.substr(before + 1, end - before - 1));
  }
  return {};
}

const std::filesystem::path& bytes_of(const PluginFile& file) {
  return file.load_from.empty() ? file.path : file.load_from;
}

boost::dll::shared_library load(const PluginFile& file) {
  // Never unloaded, because autograd nodes, threads and exit handlers may still refer to its code.
  constexpr auto no_delete = static_cast<boost::dll::load_mode::type>(RTLD_NODELETE);
  try {
    return boost::dll::shared_library(bytes_of(file), rtld_now | rtld_local | no_delete);
  } catch (const std::system_error& error) {
    const auto words = loader_words(error.what());
    const auto meaning = explain(words);
    throw PluginRefused("E0309", fmt::format("`{}` cannot be loaded\n{}{}the dynamic linker says: {}",
                                             file.path.string(), meaning, meaning.empty() ? "" : "\n", words));
  }
}

const binade_plugin& exported(const boost::dll::shared_library& library, const PluginFile& file) {
  const auto disagree = [&](const std::string& why) {
    throw PluginRefused("E0310", fmt::format("`{}` does not export what its note announces: {}\n"
                                             "build it with binade_add_plugin() and one BINADE_<KIND> macro, of the "
                                             "kind that its manifest names",
                                             file.path.string(), why));
  };
  if (!library.has(BINADE_PLUGIN_SYMBOL)) disagree("it has no symbol " BINADE_PLUGIN_SYMBOL);
  const auto& plugin = library.get<const binade_plugin>(BINADE_PLUGIN_SYMBOL);
  if (plugin.struct_size < sizeof(binade_plugin)) disagree("its " BINADE_PLUGIN_SYMBOL " is too small");
  if (plugin.abi_major != BINADE_ABI_MAJOR || plugin.kind != static_cast<std::uint32_t>(file.manifest.kind)) {
    disagree("the file was changed while it was loaded");  // require_exported_symbol() accepted it
  }
  if (plugin.table == nullptr) disagree("its table is missing");
  if (const auto* call = missing_call(file.manifest.kind, plugin.table); call != nullptr) {
    disagree(fmt::format("its table lacks {}()", call));
  }
  return plugin;
}

}  // namespace

Plugin open_plugin(const PluginFile& file, PluginLog log, std::uint32_t spoken_minor) {
  const auto start = std::chrono::steady_clock::now();
  Plugin plugin;
  plugin.sha256_ = sha256_of_file(bytes_of(file));
  const auto library = load(file);
  plugin.table_ = exported(library, file).table;
  plugin.id_ = file.manifest.id;
  plugin.version_ = file.manifest.version;
  plugin.kind_ = file.manifest.kind;
  plugin.path_ = file.path;
  plugin.metrics_ = std::make_shared<PluginMetrics>(file.manifest.metrics);
  plugin.call_times_ = std::make_shared<CallTimes>();
  plugin.abi_minor_ = std::min(spoken_minor, file.abi_minor);
  plugin.host_ = make_services(plugin.id_, std::move(log), plugin.metrics_, spoken_minor);
  plugin.load_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return plugin;
}

}  // namespace binade::host
