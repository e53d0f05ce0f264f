// The folder for files that Binade can fetch or create again.
#pragma once

#include <filesystem>
#include <string>

namespace binade::host {

// $BINADE_CACHE, else $XDG_CACHE_HOME/binade, else ~/.cache/binade. Empty if none of the variables is set. The folder
// may not exist.
std::filesystem::path cache_folder();

// Creates and returns the cache folder of a plugin, plugins/ID. Returns an empty path if it cannot be created.
std::filesystem::path make_cache_folder(const std::string& plugin);

}  // namespace binade::host
