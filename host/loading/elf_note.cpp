// A reader of ELF64 notes that checks every bound: files come from anywhere.
#include "host/loading/elf_note.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "binade/abi/note.h"
#include "host/loading/refused.h"

namespace binade::host {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
constexpr std::string_view machine_name = "x86-64";
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
constexpr std::string_view machine_name = "AArch64";
#else
#error "Binade runs on little-endian 64-bit machines: x86-64 and AArch64"
#endif

using Bytes = std::span<const std::byte>;

class ElfFile {
 public:
  ElfFile(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {
    if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) foreign("it is no ELF file");
    header_ = read<Elf64_Ehdr>(0, "ELF header");
    if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
        header_.e_machine != this_machine) {
      foreign("it was built for another machine");
    }
    if (header_.e_type != ET_DYN) foreign("it is no shared library");
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == PN_XNUM) foreign("its segments are unusual");
  }

  std::vector<ElfNote> notes() const {
    // A file that was cut short would be mapped all the same, and the first touch of what is missing ends the process.
    each_segment([&](const Elf64_Phdr& segment) {
      if (segment.p_type == PT_LOAD) slice(segment.p_offset, segment.p_filesz, "loaded segment");
    });
    std::vector<ElfNote> found;
    each_section(
        [&](const Elf64_Shdr& section) { parse(slice(section.sh_offset, section.sh_size, "notes"), 4, true, found); });
    if (found.empty()) {
      each_segment([&](const Elf64_Phdr& segment) {
        if (segment.p_type != PT_NOTE) return;
        parse(slice(segment.p_offset, segment.p_filesz, "notes"), segment.p_align == 8 ? 8 : 4, false, found);
      });
    }
    return found;
  }

 private:
  [[noreturn]] void foreign(std::string_view why) const {
    throw PluginRefused("E0311", fmt::format("`{}` cannot be a plugin here: {}\n"
                                             "this host loads shared libraries (ELF, 64 bits) for {}",
                                             name_, why, machine_name));
  }
  [[noreturn]] void malformed(const std::string& why) const {
    throw PluginRefused("E0302", fmt::format("`{}` is damaged: {}\n"
                                             "the file was cut short or changed after it was built: copy it or build "
                                             "it again",
                                             name_, why));
  }

  Bytes slice(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      malformed(fmt::format("its {} should be {} bytes at offset {}, but the file has {} bytes", what, size, offset,
                            bytes_.size()));
    }
    return bytes_.subspan(offset, size);
  }
  template <class T>
  T read(std::uint64_t offset, std::string_view what) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof(T), what).data(), sizeof(T));
    return value;
  }
  template <class T>
  static T at(Bytes table, std::size_t index) {
    T value;
    std::memcpy(&value, table.data() + index * sizeof(T), sizeof(T));
    return value;
  }

  template <class Visit>
  void each_segment(Visit visit) const {
    const auto table = slice(header_.e_phoff, header_.e_phnum * sizeof(Elf64_Phdr), "program headers");
    for (std::size_t index = 0; index < header_.e_phnum; ++index) visit(at<Elf64_Phdr>(table, index));
  }

  // The sections named .note.binade.
  template <class Visit>
  void each_section(Visit visit) const {
    if (header_.e_shoff == 0 || header_.e_shnum == 0) return;
    if (header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shstrndx >= header_.e_shnum) {
      malformed("its section headers contradict each other");
    }
    const auto table = slice(header_.e_shoff, header_.e_shnum * sizeof(Elf64_Shdr), "section headers");
    const auto names_header = at<Elf64_Shdr>(table, header_.e_shstrndx);
    const auto names = slice(names_header.sh_offset, names_header.sh_size, "section names");
    constexpr std::string_view wanted(BINADE_NOTE_SECTION, sizeof(BINADE_NOTE_SECTION));  // with its NUL
    for (std::size_t index = 0; index < header_.e_shnum; ++index) {
      const auto section = at<Elf64_Shdr>(table, index);
      if (section.sh_name > names.size() || names.size() - section.sh_name < wanted.size()) continue;
      if (std::memcmp(names.data() + section.sh_name, wanted.data(), wanted.size()) == 0) visit(section);
    }
  }

  // `ours`: the region holds nothing but Binade's notes, so that anything odd in it is a mistake.
  void parse(Bytes region, std::size_t alignment, bool ours, std::vector<ElfNote>& found) const {
    constexpr std::string_view owner(BINADE_NOTE_OWNER, sizeof(BINADE_NOTE_OWNER));
    const auto padded = [&](std::uint64_t size) { return (size + alignment - 1) / alignment * alignment; };
    while (region.size() >= sizeof(Elf64_Nhdr)) {
      const auto note = at<Elf64_Nhdr>(region, 0);
      if (note.n_namesz == 0 && ours) {  // padding between two notes
        region = region.subspan(4);
        continue;
      }
      const std::uint64_t description = padded(sizeof(note) + std::uint64_t{note.n_namesz});
      const bool binade = note.n_namesz == owner.size() && region.size() >= sizeof(note) + owner.size() &&
                          std::memcmp(region.data() + sizeof(note), owner.data(), owner.size()) == 0;
      if (description > region.size() || note.n_descsz > region.size() - description) {
        if (!ours && !binade) return;
        malformed(fmt::format("a note announces {} bytes, and {} are left", note.n_descsz,
                              region.size() - std::min<std::uint64_t>(description, region.size())));
      }
      if (binade) found.push_back({note.n_type, region.subspan(description, note.n_descsz)});
      region = region.subspan(std::min<std::uint64_t>(description + padded(note.n_descsz), region.size()));
    }
  }

  Bytes bytes_;
  const std::string& name_;
  Elf64_Ehdr header_;
};

}  // namespace

std::vector<ElfNote> binade_notes(std::span<const std::byte> file, const std::string& name) {
  return ElfFile(file, name).notes();
}

}  // namespace binade::host
