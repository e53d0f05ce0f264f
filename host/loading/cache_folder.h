// Where a plugin may keep what it can make again.
#pragma once

#include <filesystem>
#include <string>

namespace binade::host {

// Makes it and returns it: plugins/ID in $BINADE_CACHE, else in binade/ of $XDG_CACHE_HOME, else in ~/.cache/binade.
// Empty where it cannot be made.
std::filesystem::path make_cache_folder(const std::string& plugin);

}  // namespace binade::host
