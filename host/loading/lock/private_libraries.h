// The libraries that a plugin links from its own folder, and those that come from elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace binade::host {

struct LinkedLibraries {
  std::vector<std::string> own;     // relative to the plugin's folder, in order; those that they link, too
  std::vector<std::string> needed;  // all names that the dynamic linker will look for
};

// Reads the plugin and the libraries that it links, and those that these link; loads none. `home`: the folder for which
// it was built, where a copy lies elsewhere. A library is the plugin's own when DT_RUNPATH or DT_RPATH ($ORIGIN) leads
// to it inside the plugin's folder. Throws PluginRefused: E0302 where a file is damaged, E0313 where no lock could
// hold, because somebody could exchange what is loaded: a library is linked by a path, comes from a folder that is
// neither the plugin's nor the system's, or is looked for in one in which others may write.
LinkedLibraries private_libraries(const std::filesystem::path& plugin, const std::filesystem::path& home);

}  // namespace binade::host
