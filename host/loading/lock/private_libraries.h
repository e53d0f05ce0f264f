// The libraries that a plugin links, from its own folder and from elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace binade::host {

struct LinkedLibraries {
  std::vector<std::string> own;     // relative to the plugin's folder, in order; includes those that they link
  std::vector<std::string> needed;  // all names that the dynamic linker will search for
};

// Reads the plugin and, recursively, the libraries that it links, and loads none of them. `home` is the plugin's
// original folder when a copy lies elsewhere. A library is the plugin's own when DT_RUNPATH or DT_RPATH ($ORIGIN) leads
// to it inside the plugin's folder. Throws PluginRefused: E0302 when a file is damaged; E0313 when the plugin cannot be
// locked, because somebody could replace what is loaded: a library is linked by a path, comes from a folder that is
// neither the plugin's nor the system's, or is searched for in a folder that others can write.
LinkedLibraries private_libraries(const std::filesystem::path& plugin, const std::filesystem::path& home);

}  // namespace binade::host
