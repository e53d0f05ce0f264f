// Whether a model plugin and the engine were built alike, so that LibTorch's C++ objects mean the same to both.
#pragma once

#include <filesystem>

#include "host/loading/plugin_file.h"

namespace binade::host {

// Compares a model plugin's build block with the engine's, member by member. Throws PluginRefused: E0306 where LibTorch
// differs, E0307 where anything else does; all differences stand in the message.
void require_same_build(const PluginFile& plugin, const binade_build_block& engine,
                        const std::filesystem::path& engine_path);

}  // namespace binade::host
