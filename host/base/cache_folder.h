// Where Binade keeps what it can fetch or make again.
#pragma once

#include <filesystem>
#include <string>

namespace binade::host {

// $BINADE_CACHE, else binade/ in $XDG_CACHE_HOME, else ~/.cache/binade. Empty without all three variables; it may not
// be there.
std::filesystem::path cache_folder();

// For a plugin: makes plugins/ID in it and returns that. Empty where it cannot be made.
std::filesystem::path make_cache_folder(const std::string& plugin);

}  // namespace binade::host
