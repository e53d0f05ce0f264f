// experiment.lock: the exact files of an experiment.
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
  std::string path;  // where it was; for people to read
  std::string sha256;
  std::vector<LockedLibrary> libraries;  // its own ones, by name
};

struct Lock {
  std::string binade;                                           // version of the host
  std::string torch_version, c10_build_id, torch_cpu_build_id;  // LibTorch
  std::vector<LockedPlugin> plugins;                            // each plugin once
};

// Returns a lock without plugins.
Lock make_lock(const binade_build_block& engine, std::string_view host_version);
// Hashes a plugin and its own libraries and adds them, unless the lock has the plugin already. Throws PluginRefused as
// private_libraries() does.
void add(Lock& lock, const PluginFile& file);
// The same with the hash of the loaded file, and without libraries if they cannot be locked.
void add(Lock& lock, const Plugin& plugin);

std::string to_toml(const Lock& lock);

// Messages use `source`. Throws PluginRefused E0313 when it is not a lock.
Lock parse_lock(const std::string& text, const std::string& source);
Lock read_lock(const std::filesystem::path& path);

}  // namespace binade::host
