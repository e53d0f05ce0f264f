// experiment.lock: which bytes a run is made of.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "binade/abi/note.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct LockedLibrary {
  std::string name;  // relative to the plugin's folder
  std::string sha256;
};

struct LockedPlugin {
  std::string id;
  PluginKind kind = PluginKind::model;
  std::string version;
  std::string path;  // where it lay; for people
  std::string sha256;
  std::vector<LockedLibrary> libraries;  // of its own, by name
};

struct Lock {
  std::string binade;                                           // version of the host
  std::string torch_version, c10_build_id, torch_cpu_build_id;  // LibTorch
  std::vector<LockedPlugin> plugins;                            // each once
};

// A lock without plugins.
Lock make_lock(const binade_build_block& engine, std::string_view host_version);
// Adds a plugin with its own libraries, hashed as they lie there, unless it is in the lock already. Throws
// PluginRefused as private_libraries() does.
void add(Lock& lock, const PluginFile& file);
// The same with the hash of what was loaded, and without libraries where no lock could hold them.
void add(Lock& lock, const Plugin& plugin);

std::string to_toml(const Lock& lock);

// `source` names it in messages. Throws PluginRefused E0313 where it is no lock.
Lock parse_lock(const std::string& text, const std::string& source);
Lock read_lock(const std::filesystem::path& path);

}  // namespace binade::host
