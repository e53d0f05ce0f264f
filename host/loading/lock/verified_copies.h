// Under --locked: what is loaded is a private copy of what the lock names.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "host/base/scratch_folder.h"
#include "host/loading/lock/experiment_lock.h"
#include "host/loading/plugin_file.h"

namespace binade::host {

class VerifiedCopies {
 public:
  // Makes a folder that only this user can look into; it is removed with this object, and what was loaded stays in
  // memory. Throws std::system_error.
  explicit VerifiedCopies(const std::filesystem::path& lock);

  // Throws PluginRefused E0313 where the lock names another Binade or LibTorch.
  void require_host(const binade_build_block& engine, std::string_view host_version) const;

  // Copies the plugin and its own libraries, hashes the copies, judges the plugin's copy. Returns `file`, to be loaded
  // from there. Throws PluginRefused E0313 with what differs from the lock, or how the file could be exchanged.
  PluginFile verify(const PluginFile& file);

 private:
  std::filesystem::path copy(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::string& sha256, const PluginFile& file) const;

  std::filesystem::path lock_path_;
  Lock lock_;
  ScratchFolder folder_{"locked"};
  int count_ = 0;
  std::map<std::string, std::string> libraries_;  // SHA-256 by name
};

}  // namespace binade::host
