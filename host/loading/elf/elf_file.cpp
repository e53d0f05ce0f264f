#include "host/loading/elf/elf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

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

bool is_clear(std::span<const unsigned char> bytes) {
  return std::ranges::all_of(bytes, [](unsigned char byte) { return byte == 0; });
}

}  // namespace

ElfFile::ElfFile(Bytes bytes, const std::string& name) : bytes_(bytes), name_(name) {
  read_header();
  read_segments();
  read_sections();
}

// Stricter than the loader, so that a flipped bit anywhere in the header is found.
void ElfFile::read_header() {
  if (bytes_.size() < SELFMAG || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0) foreign("it is not an ELF file");
  header_ = element<Elf64_Ehdr>(slice(0, sizeof(header_), "ELF header"), 0);
  const auto& ident = header_.e_ident;
  if (ident[EI_CLASS] != ELFCLASS64)
    foreign(ident[EI_CLASS] == ELFCLASS32 ? "it has 32 bits" : "it has no known class");
  if (ident[EI_DATA] != ELFDATA2LSB) foreign("it was built for a machine with another byte order");
  if (header_.e_machine != this_machine) foreign("it was built for another machine");
  if (header_.e_type != ET_DYN) foreign("it is not a shared library");
  if (ident[EI_OSABI] != ELFOSABI_NONE && ident[EI_OSABI] != ELFOSABI_GNU) foreign("it was built for another system");
  const std::span<const unsigned char> padding(ident + EI_ABIVERSION, ident + EI_NIDENT);
  if (ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT || !is_clear(padding)) {
    damaged("its ELF header is of an unknown version");
  }
  if (header_.e_ehsize != sizeof(Elf64_Ehdr) || header_.e_phentsize != sizeof(Elf64_Phdr)) {
    damaged("its ELF header states unusual sizes");
  }
  if (header_.e_flags != 0) damaged("its ELF header has unknown flags");
  if (header_.e_entry != 0) damaged("its ELF header names an entry, which a shared library does not have");
}

bool ElfFile::is_segment(const Elf64_Phdr& segment) const {
  const auto alignment = std::max<std::uint64_t>(segment.p_align, 1);
  const bool known = segment.p_type <= PT_TLS || segment.p_type >= PT_LOOS;
  return known && segment.p_flags <= (PF_R | PF_W | PF_X) && segment.p_filesz <= segment.p_memsz &&
         std::has_single_bit(alignment) && segment.p_offset % alignment == segment.p_vaddr % alignment &&
         segment.p_offset <= bytes_.size() && segment.p_filesz <= bytes_.size() - segment.p_offset;
}

void ElfFile::read_segments() {
  const auto size = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
  const auto table = slice(header_.e_phoff, size, "program headers");
  for (std::size_t i = 0; i < header_.e_phnum; ++i) segments_.push_back(element<Elf64_Phdr>(table, i));
  for (const auto& segment : segments_) {
    // The loader would map a truncated file, and the first access to a missing page would kill the process.
    if (segment.p_type == PT_LOAD) slice(segment.p_offset, segment.p_filesz, "loaded segment");
    if (segment.p_type != PT_NULL && segment.p_type != PT_GNU_STACK && !is_segment(segment)) {
      damaged("its program headers contradict each other");
    }
  }
  const auto dynamic = [](const Elf64_Phdr& segment) { return segment.p_type == PT_DYNAMIC; };
  if (std::ranges::count_if(segments_, dynamic) != 1)
    damaged("its program headers name no dynamic section, or several");
  // If another valid one follows, the header counts too few.
  const auto end = header_.e_phoff + size;
  if (end > bytes_.size() || bytes_.size() - end < sizeof(Elf64_Phdr)) return;
  const auto next = element<Elf64_Phdr>(bytes_.subspan(end), 0);
  if (next.p_type != PT_NULL && (is_segment(next) || next.p_type == PT_GNU_STACK)) {
    damaged("its ELF header counts fewer program headers than there are");
  }
}

void ElfFile::read_sections() {
  if (header_.e_shoff == 0 && header_.e_shnum == 0 && header_.e_shstrndx == 0) return;
  constexpr auto contradiction = "its section headers contradict each other";
  if (header_.e_shoff == 0 || header_.e_shentsize != sizeof(Elf64_Shdr) || header_.e_shstrndx >= header_.e_shnum) {
    damaged(contradiction);
  }
  const auto table = slice(header_.e_shoff, header_.e_shnum * sizeof(Elf64_Shdr), "section headers");
  for (std::size_t i = 0; i < header_.e_shnum; ++i) sections_.push_back(element<Elf64_Shdr>(table, i));
  const auto& names = sections_[header_.e_shstrndx];
  section_names_ = slice(names.sh_offset, names.sh_size, "section names");
  const bool empty_first = sections_.front().sh_type == SHT_NULL && sections_.front().sh_offset == 0;
  if (!empty_first || !(is_named(names, ".shstrtab") || is_named(names, ".strtab"))) damaged(contradiction);
}

bool ElfFile::is_named(const Elf64_Shdr& section, std::string_view name) const {
  const auto size = name.size() + 1;  // with its NUL
  if (section.sh_name > section_names_.size() || section_names_.size() - section.sh_name < size) return false;
  const auto* text = section_names_.data() + section.sh_name;
  return std::memcmp(text, name.data(), name.size()) == 0 && text[name.size()] == std::byte{0};
}

ElfFile::Bytes ElfFile::slice(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset) {
    damaged(fmt::format("its {} should be {} bytes at offset {}, but the file has {} bytes", what, size, offset,
                        bytes_.size()));
  }
  return bytes_.subspan(offset, size);
}

ElfFile::Bytes ElfFile::at_address(std::uint64_t address, std::string_view what) const {
  for (const auto& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const auto within = address - segment.p_vaddr;
    if (within < segment.p_filesz) {
      return slice(segment.p_offset, segment.p_filesz, "loaded segment").subspan(within);
    }
  }
  damaged(fmt::format("its {} should be at address {:#x}, where the file has nothing", what, address));
}

void ElfFile::foreign(std::string_view why) const {
  throw PluginRefused("E0311", fmt::format("`{}` cannot be a plugin here: {}\n"
                                           "this host loads shared libraries (ELF, 64 bits) for {}",
                                           name_, why, machine_name));
}

void ElfFile::damaged(const std::string& why) const {
  throw PluginRefused("E0302", fmt::format("`{}` is damaged: {}\n"
                                           "the file was cut short or changed after it was built: copy it or build "
                                           "it again",
                                           name_, why));
}

}  // namespace binade::host
