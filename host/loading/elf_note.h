// Reads what a plugin says about itself out of its bytes, before anything of it is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace binade::host {

struct ElfNote {
  std::uint32_t type;                      // BINADE_NOTE_*
  std::span<const std::byte> description;  // lies in the file's bytes
};

// The notes of owner "Binade" in a shared library of this machine's kind; none is no mistake. They are looked up in the
// section .note.binade, or in the note segments of a file that has no section headers. Trusts no number in the file.
// `name` stands in messages. Throws PluginRefused: E0311, or E0302 when the file ends before something it announces.
std::vector<ElfNote> binade_notes(std::span<const std::byte> file, const std::string& name);

}  // namespace binade::host
