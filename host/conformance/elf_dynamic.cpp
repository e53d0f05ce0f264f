#include "host/conformance/elf_dynamic.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace binade::host {
namespace {

class Elf {
 public:
  explicit Elf(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    header_ = at<Elf64_Ehdr>(0);
    if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 || header_.e_ident[EI_CLASS] != ELFCLASS64) {
      throw std::runtime_error("it is no ELF file of this machine");
    }
  }

  template <class T>
  T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) throw std::runtime_error("its ELF is cut off");
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  std::string text(std::uint64_t offset) const {
    std::string found;
    for (char c = at<char>(offset); c != '\0'; c = at<char>(++offset)) found += c;
    return found;
  }
  Elf64_Shdr section(std::uint32_t number) const {
    return at<Elf64_Shdr>(header_.e_shoff + std::uint64_t{number} * header_.e_shentsize);
  }
  // Calls `use` with each entry of each section of that type, and where its strings begin.
  template <class Entry, class Use>
  void each(std::uint32_t type, Use use) const {
    for (std::uint32_t number = 0; number < header_.e_shnum; ++number) {
      const auto found = section(number);
      if (found.sh_type != type) continue;
      const auto strings = section(found.sh_link).sh_offset;
      for (std::uint64_t offset = 0; offset + sizeof(Entry) <= found.sh_size; offset += sizeof(Entry)) {
        use(at<Entry>(found.sh_offset + offset), strings);
      }
    }
  }

 private:
  std::vector<char> bytes_;
  Elf64_Ehdr header_{};
};

}  // namespace

ElfDynamic read_elf_dynamic(const std::filesystem::path& path) {
  const Elf elf(path);
  ElfDynamic found;
  elf.each<Elf64_Sym>(SHT_DYNSYM, [&](const Elf64_Sym& symbol, std::uint64_t strings) {
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) return;
    const auto type = ELF64_ST_TYPE(symbol.st_info);
    found.exported.push_back(elf.text(strings + symbol.st_name) + (type == STT_FUNC ? "()" : ""));
  });
  elf.each<Elf64_Dyn>(SHT_DYNAMIC, [&](const Elf64_Dyn& entry, std::uint64_t strings) {
    if (entry.d_tag == DT_NEEDED) found.needed.push_back(elf.text(strings + entry.d_un.d_val));
  });
  return found;
}

}  // namespace binade::host
