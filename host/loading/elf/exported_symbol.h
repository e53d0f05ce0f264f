// The one symbol that a plugin exports, judged by the file's bytes.
#pragma once

#include "host/loading/elf/elf_file.h"
#include "host/loading/plugin_file.h"

namespace binade::host {

// Throws PluginRefused E0310 where the file exports anything else than binade_plugin_v1, or where that contradicts the
// note: it is data, of the manifest's kind and the note's ABI. `file` is what the notes say.
void require_exported_symbol(const ElfFile& elf, const PluginFile& file);

}  // namespace binade::host
