// Checks the one symbol that a plugin exports, by the file's bytes.
#pragma once

#include "host/loading/elf/elf_file.h"
#include "host/loading/plugin_file.h"

namespace binade::host {

// Throws PluginRefused E0310 unless the file exports only binade_plugin_v1, and that is data of the manifest's kind and
// the note's ABI. `file` holds what the notes say.
void require_exported_symbol(const ElfFile& elf, const PluginFile& file);

}  // namespace binade::host
