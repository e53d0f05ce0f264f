// With --locked, private copies of the files that the lock names are loaded.
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
  // Creates a folder that only this user can read, and removes it with this object; loaded files stay in memory. Throws
  // std::system_error.
  explicit VerifiedCopies(const std::filesystem::path& lock);

  // Throws PluginRefused E0313 when the lock names another Binade or LibTorch.
  void require_host(const binade_build_block& engine, std::string_view host_version) const;

  // Copies the plugin and its own libraries, hashes the copies, and checks the plugin's copy. Returns `file` with the
  // copy to load. Throws PluginRefused E0313 with what differs from the lock, or how somebody could replace the file.
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
