// Reads a plugin's notes from its bytes, before anything is loaded.
#pragma once

#include <cstdint>
#include <vector>

#include "host/loading/elf/elf_file.h"

namespace binade::host {

struct ElfNote {
  std::uint32_t type;          // BINADE_NOTE_*
  ElfFile::Bytes description;  // points into the file's bytes
};

// Returns the notes of owner "Binade", which may be none. Reads the section .note.binade, or the note segments of a
// file without section headers. Throws PluginRefused E0302 when they are damaged.
std::vector<ElfNote> binade_notes(const ElfFile& file);

}  // namespace binade::host
