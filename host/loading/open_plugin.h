// Opening a plugin: from here on its code runs.
#pragma once

#include "host/loading/plugin.h"

namespace binade::host {

// Opens a judged file: hashes it, dlopen by Boost.DLL (RTLD_NOW | RTLD_LOCAL), checks that the exported symbol agrees
// with the note. A model must have passed require_same_build() before. `spoken_minor`: the host is as old as that, for
// tests. Throws PluginRefused.
Plugin open_plugin(const PluginFile& file, PluginLog log, std::uint32_t spoken_minor = BINADE_ABI_MINOR);

}  // namespace binade::host
