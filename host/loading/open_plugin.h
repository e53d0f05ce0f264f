// Opens a plugin. From here on its code runs.
#pragma once

#include "host/loading/plugin.h"

namespace binade::host {

// Opens a file that passed the checks of plugin_file.h: hashes it, loads it (RTLD_NOW | RTLD_LOCAL), and checks that
// the exported symbol agrees with the note. A model must have passed require_same_build() before. `spoken_minor` makes
// the host as old as that ABI minor, for tests. Throws PluginRefused.
Plugin open_plugin(const PluginFile& file, PluginLog log, std::uint32_t spoken_minor = BINADE_ABI_MINOR);

}  // namespace binade::host
