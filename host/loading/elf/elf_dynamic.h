// What a shared library asks of and offers to the dynamic linker, read without loading it.
#pragma once

#include <string>
#include <vector>

#include "host/loading/elf/elf_file.h"

namespace binade::host {

struct ElfSymbol {
  std::string name;
  bool function = false;
  // As far as the file holds them: what is before relocation. Empty for functions and zero-initialised data.
  ElfFile::Bytes data;
};

// Which libraries it links, and the folders that it says where to look for them; $ORIGIN as it stands.
struct ElfNeeds {
  std::vector<std::string> needed;  // as they are named
  std::vector<std::string> runpath;
  // Also where the libraries that it links are looked for, in so far as these have no DT_RUNPATH. Empty beside a
  // DT_RUNPATH, which switches it off.
  std::vector<std::string> rpath;
  bool has_runpath = false;
};

struct ElfDynamic {
  std::vector<ElfSymbol> exported;
  std::vector<std::string> needed;  // libraries, as they are named
};

// Both throw PluginRefused E0302 where the file is damaged.
ElfNeeds read_elf_needs(const ElfFile& file);
ElfDynamic read_elf_dynamic(const ElfFile& file);

}  // namespace binade::host
