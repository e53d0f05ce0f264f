#include "host/loading/elf/elf_dynamic.h"

#include <algorithm>

namespace binade::host {
namespace {

class DynamicReader {
 public:
  explicit DynamicReader(const ElfFile& file) : file_(file) {
    for (const auto& segment : file.segments()) {
      if (segment.p_type != PT_DYNAMIC) continue;
      const auto table = file.slice(segment.p_offset, segment.p_filesz, "dynamic section");
      for (std::size_t i = 0; (i + 1) * sizeof(Elf64_Dyn) <= table.size(); ++i) {
        const auto entry = ElfFile::element<Elf64_Dyn>(table, i);
        if (entry.d_tag == DT_NULL) break;
        entries_.push_back(entry);
      }
    }
    const auto strings = value(DT_STRTAB);
    if (strings == 0) file.damaged("its dynamic section has no strings");
    strings_ = file.at_address(strings, "dynamic strings");
    strings_ = strings_.first(std::min<std::uint64_t>(strings_.size(), value(DT_STRSZ)));
  }

  ElfNeeds needs() const {
    ElfNeeds found;
    for (const auto& entry : entries_) {
      if (entry.d_tag == DT_NEEDED) found.needed.push_back(text(entry.d_un.d_val));
    }
    found.has_runpath = value(DT_RUNPATH) != 0;
    if (found.has_runpath) {
      found.runpath = split(text(value(DT_RUNPATH)));
    } else if (value(DT_RPATH) != 0) {
      found.rpath = split(text(value(DT_RPATH)));
    }
    return found;
  }
  ElfDynamic read() const {
    ElfDynamic found{{}, needs().needed};
    read_symbols(found.exported);
    return found;
  }

 private:
  std::uint64_t value(std::int64_t tag) const {
    const auto found = std::ranges::find(entries_, tag, &Elf64_Dyn::d_tag);
    return found == entries_.end() ? 0 : found->d_un.d_val;
  }
  std::string text(std::uint64_t offset) const {
    if (offset >= strings_.size()) file_.damaged("a name lies outside of its dynamic strings");
    const std::string_view rest(reinterpret_cast<const char*>(strings_.data()) + offset, strings_.size() - offset);
    const auto end = rest.find('\0');
    if (end == std::string_view::npos) file_.damaged("a name in its dynamic strings is not terminated");
    return std::string(rest.substr(0, end));
  }
  static std::vector<std::string> split(const std::string& path) {
    std::vector<std::string> folders;
    for (std::size_t begin = 0; begin <= path.size();) {
      const auto end = std::min(path.find(':', begin), path.size());
      folders.push_back(path.substr(begin, end - begin));
      begin = end + 1;
    }
    return folders;
  }

  std::uint32_t word(ElfFile::Bytes table, std::uint64_t index) const {
    if (index >= table.size() / sizeof(std::uint32_t)) file_.damaged("its hash table of symbols is cut off");
    return ElfFile::element<std::uint32_t>(table, index);
  }

  // The symbol table does not store its length; the hash table, by which the dynamic linker finds symbols, does.
  std::uint64_t symbol_count() const {
    if (const auto hash = value(DT_HASH); hash != 0) return word(file_.at_address(hash, "hash table"), 1);
    const auto hash = value(DT_GNU_HASH);
    if (hash == 0) file_.damaged("it has no hash table of symbols");
    const auto table = file_.at_address(hash, "hash table");
    const std::uint64_t buckets = word(table, 0), first = word(table, 1), filters = word(table, 2);
    const std::uint64_t buckets_at = 4 + 2 * filters, chains_at = buckets_at + buckets;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < buckets; ++i) last = std::max<std::uint64_t>(last, word(table, buckets_at + i));
    if (last < first) return first;
    while ((word(table, chains_at + last - first) & 1u) == 0) ++last;
    return last + 1;
  }

  void read_symbols(std::vector<ElfSymbol>& exported) const {
    const auto table = file_.at_address(value(DT_SYMTAB), "symbols");
    const auto count = symbol_count();
    if (count > table.size() / sizeof(Elf64_Sym)) file_.damaged("its table of symbols is cut off");
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto symbol = ElfFile::element<Elf64_Sym>(table, i);
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
      const bool function = ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT;
      exported.push_back({text(symbol.st_name), function, function ? ElfFile::Bytes() : data_of(symbol)});
    }
  }
  ElfFile::Bytes data_of(const Elf64_Sym& symbol) const {
    for (const auto& segment : file_.segments()) {
      const bool inside = segment.p_type == PT_LOAD && symbol.st_value >= segment.p_vaddr &&
                          symbol.st_value - segment.p_vaddr < segment.p_filesz;
      if (!inside) continue;
      const auto rest = file_.at_address(symbol.st_value, "symbol");
      return rest.first(std::min<std::uint64_t>(rest.size(), symbol.st_size));
    }
    return {};
  }

  const ElfFile& file_;
  std::vector<Elf64_Dyn> entries_;
  ElfFile::Bytes strings_;
};

}  // namespace

ElfNeeds read_elf_needs(const ElfFile& file) { return DynamicReader(file).needs(); }

ElfDynamic read_elf_dynamic(const ElfFile& file) { return DynamicReader(file).read(); }

}  // namespace binade::host
