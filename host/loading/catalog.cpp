// Finds plugins: the folders, the files, and the one that an experiment names.
#include "host/loading/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "host/base/environment_variable.h"

namespace binade::host {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void report(const std::string& code, const std::string& message, const Location& where, Diagnostics& diagnostics) {
  auto lines = split(message, '\n');
  auto summary = std::move(lines.front());
  lines.erase(lines.begin());
  lines.emplace_back("its code was not run");
  diagnostics.add({code, std::move(summary), where, "", std::move(lines)});
}

// A link may lead to the same plugin twice.
std::filesystem::path without_links(const std::filesystem::path& path) {
  std::error_code error;
  auto real = std::filesystem::canonical(path, error);
  return error ? std::filesystem::absolute(path) : real;
}

}  // namespace

Catalog::Catalog(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) scan(folder);
}

void Catalog::scan(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == ".so" && entry->is_regular_file(ignored)) paths.push_back(entry->path());
  }
  if (error) {
    refused_.push_back({folder, "", "E0301",
                        fmt::format("the plugin folder `{}` cannot be read: {}", folder.string(), error.message())});
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) add(std::filesystem::absolute(path));
}

void Catalog::add(const std::filesystem::path& path) {
  auto real = without_links(path);
  if (std::ranges::find(seen_, real) != seen_.end()) return;
  seen_.push_back(std::move(real));
  try {
    files_.push_back(read_plugin_file(path));
  } catch (const PluginRefused& refused) {
    const bool plugin = refused.code() != "E0301" && refused.code() != "E0311";
    (plugin ? refused_ : passed_over_).push_back({path, refused.id(), refused.code(), refused.what()});
  }
}

const Manifest* Catalog::find(PluginKind kind, const std::string& id, const std::string& library, const Location& where,
                              Diagnostics& diagnostics) const {
  try {
    if (library.empty()) {
      const auto* file = choose(kind, id);
      return file == nullptr ? nullptr : &file->manifest;
    }
    const auto& manifest = read_library(library).manifest;
    if (manifest.kind != kind || (!id.empty() && manifest.id != id)) {
      throw PluginRefused("E0305", fmt::format("`{}` is not the requested plugin\n"
                                               "requested: the {} `{}`\nfound:     the {} `{}`",
                                               library, to_string(kind), id, to_string(manifest.kind), manifest.id));
    }
    return &manifest;
  } catch (const PluginRefused& refused) {
    report(refused.code(), refused.what(), where, diagnostics);
    return nullptr;
  }
}

// Returns nullptr when there is no plugin of that name. Throws PluginRefused when there is one that must be refused.
const PluginFile* Catalog::choose(PluginKind kind, const std::string& id) const {
  const PluginFile *found = nullptr, *other_kind = nullptr;
  for (const auto& file : files_) {
    if (file.manifest.id != id) continue;
    if (file.manifest.kind != kind) {
      other_kind = &file;
    } else if (found != nullptr) {
      throw PluginRefused(
          "E0308", fmt::format("two files hold the {} `{}`\n  {}\n  {}\n"
                               "remove one, or choose with library = \"{}\"",
                               to_string(kind), id, found->path.string(), file.path.string(), found->path.string()));
    } else {
      found = &file;
    }
  }
  if (found != nullptr) return found;
  for (const auto* list : {&refused_, &passed_over_}) {
    for (const auto& refused : *list) {
      if (refused.id == id || refused.path.stem() == id) {
        throw PluginRefused(refused.code, refused.message, refused.id);
      }
    }
  }
  if (other_kind != nullptr) {
    throw PluginRefused("E0305", fmt::format("`{}` is a {}, not a {}\n  {}", id, to_string(other_kind->manifest.kind),
                                             to_string(kind), other_kind->path.string()));
  }
  return nullptr;
}

const PluginFile& Catalog::read_library(const std::filesystem::path& path) const {
  const auto known = std::ranges::find(libraries_, std::filesystem::absolute(path), &PluginFile::path);
  return known != libraries_.end() ? *known : libraries_.emplace_back(read_plugin_file(path));
}

std::vector<std::string> Catalog::ids(PluginKind kind) const {
  std::vector<std::string> ids;
  for (const auto& file : files_) {
    if (file.manifest.kind == kind) ids.push_back(file.manifest.id);
  }
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

const PluginFile& Catalog::file(PluginKind kind, const std::string& id, const std::string& library) const {
  if (!library.empty()) return read_library(library);
  const auto* file = choose(kind, id);
  if (file == nullptr) throw std::logic_error("Catalog::file() before find(): " + id);
  return *file;
}

std::vector<std::filesystem::path> plugin_folders(const std::filesystem::path& executable,
                                                  const std::function<void(const std::string&)>& warn) {
  std::vector<std::filesystem::path> wanted;
  for (const auto& folder : split(environment_variable("BINADE_PLUGIN_PATH"), ':')) {
    if (folder.empty()) continue;
    std::error_code error;
    const std::filesystem::directory_iterator readable(folder, error);
    if (!error) wanted.emplace_back(folder);
    if (error) {
      warn(
          fmt::format("BINADE_PLUGIN_PATH names the folder {}, which cannot be read: {}; it is "
                      "not searched for plugins",
                      folder, error.message()));
    }
  }
  const auto data = environment_variable("XDG_DATA_HOME"), home = environment_variable("HOME");
  if (!data.empty()) {
    wanted.push_back(std::filesystem::path(data) / "binade/plugins");
  } else if (!home.empty()) {
    wanted.push_back(std::filesystem::path(home) / ".local/share/binade/plugins");
  }
  const auto prefix = without_links(executable).parent_path().parent_path();
  wanted.push_back(prefix / BINADE_INSTALL_LIBDIR / "binade/plugins");
  wanted.push_back(prefix / "lib/binade/plugins");

  std::vector<std::filesystem::path> folders;
  for (const auto& folder : wanted) {
    std::error_code error;
    const auto real = std::filesystem::canonical(folder, error);
    if (!error && std::filesystem::is_directory(real) && std::ranges::find(folders, real) == folders.end()) {
      folders.push_back(real);
    }
  }
  return folders;
}

}  // namespace binade::host
