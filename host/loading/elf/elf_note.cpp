#include "host/loading/elf/elf_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "binade/abi/note.h"

namespace binade::host {
namespace {

bool is_zero(ElfFile::Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// `ours`: the region holds only Binade's notes, so that anything else in it is a mistake.
void parse(const ElfFile& file, ElfFile::Bytes region, std::size_t alignment, bool ours, std::vector<ElfNote>& found) {
  constexpr std::string_view owner(BINADE_NOTE_OWNER, sizeof(BINADE_NOTE_OWNER));
  const auto padded = [&](std::uint64_t size) { return (size + alignment - 1) / alignment * alignment; };
  while (region.size() >= sizeof(Elf64_Nhdr)) {
    const auto note = ElfFile::element<Elf64_Nhdr>(region, 0);
    if (note.n_namesz == 0 && ours) {  // padding between two notes
      region = region.subspan(4);
      continue;
    }
    const std::uint64_t description = padded(sizeof(note) + std::uint64_t{note.n_namesz});
    const bool binade = note.n_namesz == owner.size() && region.size() >= sizeof(note) + owner.size() &&
                        std::memcmp(region.data() + sizeof(note), owner.data(), owner.size()) == 0;
    if (ours && !binade) file.damaged("its notes have another owner than Binade");
    if (description > region.size() || note.n_descsz > region.size() - description) {
      if (!binade) return;
      file.damaged(fmt::format("a note needs {} bytes, but {} are left", note.n_descsz,
                               region.size() - std::min<std::uint64_t>(description, region.size())));
    }
    if (binade) {
      found.push_back({note.n_type, region.subspan(description, note.n_descsz)});
      const auto end = std::min<std::uint64_t>(description + padded(note.n_descsz), region.size());
      const auto name_end = sizeof(note) + owner.size(), text_end = description + note.n_descsz;
      if (!is_zero(region.subspan(name_end, description - name_end)) ||
          !is_zero(region.subspan(text_end, end - text_end))) {
        file.damaged("its notes are not padded with zeros");
      }
    }
    region = region.subspan(std::min<std::uint64_t>(description + padded(note.n_descsz), region.size()));
  }
}

}  // namespace

std::vector<ElfNote> binade_notes(const ElfFile& file) {
  std::vector<ElfNote> found;
  for (const auto& section : file.sections()) {
    if (!file.is_named(section, BINADE_NOTE_SECTION)) continue;
    parse(file, file.slice(section.sh_offset, section.sh_size, "notes"), 4, true, found);
  }
  if (!found.empty()) return found;
  for (const auto& segment : file.segments()) {
    if (segment.p_type != PT_NOTE) continue;
    parse(file, file.slice(segment.p_offset, segment.p_filesz, "notes"), segment.p_align == 8 ? 8 : 4, false, found);
  }
  return found;
}

}  // namespace binade::host
