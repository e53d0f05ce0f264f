// Makes, writes and reads locks.
#include "host/loading/lock/experiment_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "host/base/read_file.h"
#include "host/base/regular_file.h"
#include "host/base/sha256.h"
#include "host/experiment/schema/table_validation.h"
#include "host/experiment/toml/toml_text.h"
#include "host/loading/lock/private_libraries.h"

namespace binade::host {
namespace {

constexpr std::int64_t lock_version = 1;

std::vector<LockedLibrary> hashed(const std::filesystem::path& plugin) {
  std::vector<LockedLibrary> libraries;
  for (const auto& name : private_libraries(plugin, plugin.parent_path()).own) {
    libraries.push_back({name, sha256_of_file(plugin.parent_path() / name)});
  }
  return libraries;
}

bool knows(const Lock& lock, const std::string& id, PluginKind kind) {
  return std::ranges::any_of(lock.plugins, [&](const auto& known) { return known.id == id && known.kind == kind; });
}

OptionSpec text_spec(std::string name) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::string;
  return spec;
}

std::vector<OptionSpec> text_specs(const std::vector<std::string>& names) {
  std::vector<OptionSpec> specs;
  specs.reserve(names.size());
  for (const auto& name : names) specs.push_back(text_spec(name));
  return specs;
}

class LockReader {
 public:
  explicit LockReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Lock read(const Node& root) {
    Lock lock;
    auto specs = text_specs({"binade", "lock"});
    specs[1].type = OptionType::integer;
    specs[1].min = specs[1].max = static_cast<double>(lock_version);
    const auto head = table(root, "", specs, {"libtorch", "plugin"});
    if (!diagnostics_.empty()) return lock;
    lock.binade = head.string("binade");
    read_libtorch(root, lock);
    if (const auto* plugins = root.find("plugin")) {
      for (const auto& plugin : tables_of(*plugins, "plugin", diagnostics_)) read_plugin(plugin, lock);
    }
    return lock;
  }

 private:
  OptionTable table(const Node& node, const std::string& name, const std::vector<OptionSpec>& specs,
                    const std::vector<std::string>& also = {}) {
    return check_table(node, {name, {}, {}, also, false, false}, pointers(specs), diagnostics_);
  }

  void read_libtorch(const Node& root, Lock& lock) {
    static const auto specs = text_specs({"version", "c10_build_id", "torch_cpu_build_id"});
    const auto* member = root.find("libtorch");
    const auto libtorch = table(member == nullptr ? Node{} : member->value, "libtorch", specs);
    if (!diagnostics_.empty()) return;
    lock.torch_version = libtorch.string("version");
    lock.c10_build_id = libtorch.string("c10_build_id");
    lock.torch_cpu_build_id = libtorch.string("torch_cpu_build_id");
  }

  void read_plugin(const Node& node, Lock& lock) {
    static const auto specs = [] {
      auto all = text_specs({"id", "kind", "version", "path", "sha256"});
      all[1].choices = {std::string("dataset"), std::string("precision"), std::string("logger"), std::string("model")};
      return all;
    }();
    const auto found = table(node, "plugin", specs, {"library"});
    if (!diagnostics_.empty()) return;
    LockedPlugin plugin{found.string("id"),   kind_of(found.string("kind")), found.string("version"),
                        found.string("path"), found.string("sha256"),        {}};
    if (const auto* libraries = node.find("library")) {
      static const auto library_specs = text_specs({"name", "sha256"});
      for (const auto& library : tables_of(*libraries, "plugin.library", diagnostics_)) {
        const auto own = table(library, "plugin.library", library_specs);
        if (!diagnostics_.empty()) return;
        plugin.libraries.push_back({own.string("name"), own.string("sha256")});
      }
    }
    if (knows(lock, plugin.id, plugin.kind)) {
      diagnostics_.add(
          {"E0119", fmt::format("the {} `{}` is listed twice", to_string(plugin.kind), plugin.id), node.where, "", {}});
    }
    lock.plugins.push_back(std::move(plugin));
  }

  static PluginKind kind_of(std::string_view name) {
    for (const auto kind : {PluginKind::dataset, PluginKind::precision, PluginKind::logger}) {
      if (to_string(kind) == name) return kind;
    }
    return PluginKind::model;
  }

  Diagnostics& diagnostics_;
};

}  // namespace

Lock make_lock(const binade_build_block& engine, std::string_view host_version) {
  return {std::string(host_version),
          std::string(text_of(engine.torch_version)),
          std::string(text_of(engine.c10_build_id)),
          std::string(text_of(engine.torch_cpu_build_id)),
          {}};
}

void add(Lock& lock, const PluginFile& file) {
  const auto& [id, kind, version] = std::tie(file.manifest.id, file.manifest.kind, file.manifest.version);
  if (knows(lock, id, kind)) return;
  lock.plugins.push_back({id, kind, version, file.path.string(), sha256_of_file(file.path), hashed(file.path)});
}

void add(Lock& lock, const Plugin& plugin) {
  if (knows(lock, plugin.id(), plugin.kind())) return;
  LockedPlugin entry{plugin.id(), plugin.kind(), plugin.version(), plugin.path().string(), plugin.sha256(), {}};
  try {
    entry.libraries = hashed(plugin.path());
  } catch (const PluginRefused&) {
    entry.libraries.clear();  // cannot be locked; `binade lock` reports why
  }
  lock.plugins.push_back(std::move(entry));
}

std::string to_toml(const Lock& lock) {
  std::string text = fmt::format("# What this run was made of. Written by Binade.\nlock = {}\n", lock_version);
  const auto line = [&](std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text), "{} = {}\n", key, toml_string(value));
  };
  line("binade", lock.binade);
  text += "\n[libtorch]\n";
  line("version", lock.torch_version);
  line("c10_build_id", lock.c10_build_id);
  line("torch_cpu_build_id", lock.torch_cpu_build_id);
  for (const auto& plugin : lock.plugins) {
    text += "\n[[plugin]]\n";
    line("id", plugin.id);
    line("kind", to_string(plugin.kind));
    line("version", plugin.version);
    line("path", plugin.path);
    line("sha256", plugin.sha256);
    for (const auto& [name, sha256] : plugin.libraries) {
      text += "[[plugin.library]]\n";
      line("name", name);
      line("sha256", sha256);
    }
  }
  return text;
}

Lock parse_lock(const std::string& text, const std::string& source) {
  Diagnostics diagnostics;
  diagnostics.add_source(source, text);
  Lock lock;
  if (const auto root = parse_toml(text, source, diagnostics)) lock = LockReader(diagnostics).read(*root);
  if (diagnostics.empty()) return lock;
  throw PluginRefused("E0313", fmt::format("the lock `{}` cannot be read\n{}\nwrite it again: binade lock FILE", source,
                                           diagnostics.render(false)));
}

Lock read_lock(const std::filesystem::path& path) {
  constexpr std::uint64_t longest = std::uint64_t{1} << 20;  // bytes; no TOML file of Binade is longer
  if (const auto file = open_to_read(path); file.error == ENOENT) {
    throw PluginRefused("E0313",
                        fmt::format("there is no lock `{}`\nwrite it: binade lock FILE; or name another: --lock "
                                    "LOCK",
                                    path.string()));
  }
  std::string text;
  try {
    text = read_file(path, longest);
  } catch (const std::runtime_error& error) {
    throw PluginRefused("E0313", fmt::format("{}\nwrite it: binade lock FILE", error.what()));
  }
  return parse_lock(text, path.string());
}

}  // namespace binade::host
