// Reads what a plugin says about itself out of its bytes, before anything of it is loaded.
#pragma once

#include <cstdint>
#include <vector>

#include "host/loading/elf/elf_file.h"

namespace binade::host {

struct ElfNote {
  std::uint32_t type;          // BINADE_NOTE_*
  ElfFile::Bytes description;  // lies in the file's bytes
};

// The notes of owner "Binade"; none is no mistake. They are looked up in the section .note.binade, or in the note
// segments of a file that has no section headers. Throws PluginRefused E0302 where they are damaged.
std::vector<ElfNote> binade_notes(const ElfFile& file);

}  // namespace binade::host
