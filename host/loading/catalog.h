// The plugins of this machine: found, judged by their notes, and opened only when a run needs them.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "binade/abi/note.h"
#include "host/experiment/manifest.h"
#include "host/loading/plugin.h"

namespace binade::host {

// A plugin was refused. what() is complete: the file, the host's value, the plugin's value, and what to do.
class PluginRefused : public std::runtime_error {
 public:
  PluginRefused(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }  // "E0302"

 private:
  std::string code_;
};

// A plugin file as its notes describe it. None of its code has run.
struct PluginFile {
  std::filesystem::path path;  // absolute
  Manifest manifest;
  std::optional<binade_build_block> build_block;  // torch tier
};

class Catalog : public ManifestSource {
 public:
  // Scans the folders, first to last, for *.so files that carry a Binade note. Files without one are no plugins and are
  // passed over. Files that carry one and must be refused are kept with the reason, and reported when they are asked
  // for by their file's name or id.
  explicit Catalog(const std::vector<std::filesystem::path>& folders);

  const Manifest* find(PluginKind kind, const std::string& id, const std::string& library, const Location& where,
                       Diagnostics& diagnostics) const override;
  std::vector<std::string> ids(PluginKind kind) const override;

  struct Refused {
    std::filesystem::path path;
    std::string code, message;
  };
  const std::deque<PluginFile>& files() const { return files_; }
  const std::vector<Refused>& refused() const { return refused_; }

  // The file of a plugin that find() has found.
  const PluginFile& file(PluginKind kind, const std::string& id, const std::string& library) const;

 private:
  // deque: find() hands out pointers into it, and `library` keys add to it later.
  mutable std::deque<PluginFile> files_;
  mutable std::vector<Refused> refused_;
};

// BINADE_PLUGIN_PATH, $XDG_DATA_HOME/binade/plugins, the installation's, the build tree's: those that exist, in order.
std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& executable);

// Reads the notes of one file and judges them (ELF, note, CRC, ABI, manifest). Throws PluginRefused.
PluginFile read_plugin_file(const std::filesystem::path& path);

// Compares a model plugin's build block with the engine's, member by member. Throws PluginRefused.
void require_same_build(const PluginFile& plugin, const binade_build_block& engine,
                        const std::filesystem::path& engine_path);

// Opens a judged file: hashes it, dlopen by Boost.DLL (RTLD_NOW | RTLD_LOCAL), checks that the exported symbol agrees
// with the note. Throws PluginRefused.
Plugin open_plugin(const PluginFile& file);

}  // namespace binade::host
