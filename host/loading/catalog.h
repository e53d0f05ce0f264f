// The plugins of this machine, found and checked by their notes. Their code does not run here.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/experiment/schema/manifest.h"
#include "host/loading/plugin_file.h"

namespace binade::host {

// For one thread at a time, because find() caches what it reads.
class Catalog : public ManifestSource {
 public:
  // Scans the folders in order for *.so files that carry a Binade note, and ignores all other files. A plugin that must
  // be refused is kept with the reason, which is reported when the plugin is requested by its file's name or id. A file
  // that is reached through two folders or links counts once.
  explicit Catalog(const std::vector<std::filesystem::path>& folders);

  const Manifest* find(PluginKind kind, const std::string& id, const std::string& library, const Location& where,
                       Diagnostics& diagnostics) const override;
  std::vector<std::string> ids(PluginKind kind) const override;

  struct Refused {
    std::filesystem::path path;
    std::string id;  // empty if the file does not name it
    std::string code, message;
  };
  const std::deque<PluginFile>& files() const { return files_; }
  const std::vector<Refused>& refused() const { return refused_; }

  // Returns the file of a plugin that find() found before. Throws std::logic_error otherwise.
  const PluginFile& file(PluginKind kind, const std::string& id, const std::string& library) const;

 private:
  void scan(const std::filesystem::path& folder);
  void add(const std::filesystem::path& path);
  const PluginFile* choose(PluginKind kind, const std::string& id) const;
  const PluginFile& read_library(const std::filesystem::path& path) const;

  std::deque<PluginFile> files_;
  mutable std::deque<PluginFile> libraries_;  // from `library` keys; find() returns pointers into both
  std::vector<Refused> refused_;
  std::vector<Refused> passed_over_;
  std::vector<std::filesystem::path> seen_;  // with links resolved
};

// Returns the existing folders among BINADE_PLUGIN_PATH (separated by ':'), $XDG_DATA_HOME/binade/plugins, and
// lib/binade/plugins beside the executable's bin/ (of an installation or the build tree), in order, each once. Calls
// `warn` for each folder in BINADE_PLUGIN_PATH that cannot be read, with the reason.
std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& executable,
                                                  const std::function<void(const std::string&)>& warn);

}  // namespace binade::host
