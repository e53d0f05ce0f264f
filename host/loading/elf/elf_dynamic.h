// Reads what a shared library needs and exports, without loading it.
#pragma once

#include <string>
#include <vector>

#include "host/loading/elf/elf_file.h"

namespace binade::host {

struct ElfSymbol {
  std::string name;
  bool function = false;
  // The bytes in the file, before relocation. Empty for functions and zero-initialised data.
  ElfFile::Bytes data;
};

// The libraries that it links, and the folders in which it looks for them, with $ORIGIN unexpanded.
struct ElfNeeds {
  std::vector<std::string> needed;  // by name
  std::vector<std::string> runpath;
  // Also applies to the libraries that it links, unless they have a DT_RUNPATH. Empty beside a DT_RUNPATH, which
  // disables it.
  std::vector<std::string> rpath;
  bool has_runpath = false;
};

struct ElfDynamic {
  std::vector<ElfSymbol> exported;
  std::vector<std::string> needed;  // libraries, by name
};

// Both throw PluginRefused E0302 when the file is damaged.
ElfNeeds read_elf_needs(const ElfFile& file);
ElfDynamic read_elf_dynamic(const ElfFile& file);

}  // namespace binade::host
