// The plugins of this machine, found and judged by their notes. None of their code runs here.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/experiment/schema/manifest.h"
#include "host/loading/plugin_file.h"

namespace binade::host {

// Used by one thread at a time: find() remembers what it has read.
class Catalog : public ManifestSource {
 public:
  // Scans the folders, first to last, for *.so files that carry a Binade note. Files without one are no plugins and are
  // passed over. Files that carry one and must be refused are kept with the reason, and reported when they are asked
  // for by their file's name or id. A file that is reached through two folders or links is one.
  explicit Catalog(const std::vector<std::filesystem::path>& folders);

  const Manifest* find(PluginKind kind, const std::string& id, const std::string& library, const Location& where,
                       Diagnostics& diagnostics) const override;
  std::vector<std::string> ids(PluginKind kind) const override;

  struct Refused {
    std::filesystem::path path;
    std::string id;  // empty where the file does not say
    std::string code, message;
  };
  const std::deque<PluginFile>& files() const { return files_; }
  const std::vector<Refused>& refused() const { return refused_; }

  // The file of a plugin that find() has found. Throws std::logic_error when it has not.
  const PluginFile& file(PluginKind kind, const std::string& id, const std::string& library) const;

 private:
  void scan(const std::filesystem::path& folder);
  void add(const std::filesystem::path& path);
  const PluginFile* choose(PluginKind kind, const std::string& id) const;
  const PluginFile& read_library(const std::filesystem::path& path) const;

  std::deque<PluginFile> files_;
  mutable std::deque<PluginFile> libraries_;  // of `library` keys; find() hands out pointers into both
  std::vector<Refused> refused_;
  std::vector<Refused> passed_over_;
  std::vector<std::filesystem::path> seen_;  // without links
};

// BINADE_PLUGIN_PATH (folders, ':' between them), $XDG_DATA_HOME/binade/plugins, and lib/binade/plugins beside the
// executable's bin/, in an installation and in the build tree alike: those that exist, in order, each once. `warn`
// hears of each folder in BINADE_PLUGIN_PATH that cannot be read, and why.
std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& executable,
                                                  const std::function<void(const std::string&)>& warn);

}  // namespace binade::host
