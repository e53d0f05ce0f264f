// Checks that a model plugin and the engine were built alike, so that they can share LibTorch's C++ objects.
#pragma once

#include <filesystem>

#include "host/loading/plugin_file.h"

namespace binade::host {

// Compares a model plugin's build block with the engine's, member by member. Throws PluginRefused with all differences:
// E0306 when LibTorch differs, else E0307.
void require_same_build(const PluginFile& plugin, const binade_build_block& engine,
                        const std::filesystem::path& engine_path);

}  // namespace binade::host
