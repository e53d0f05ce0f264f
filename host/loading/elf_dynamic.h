// What a shared library asks of and offers to the dynamic linker, read without loading it.
#pragma once

#include <string>
#include <vector>

#include "host/loading/elf_file.h"

namespace binade::host {

struct ElfSymbol {
  std::string name;
  bool function = false;
  // As far as the file holds them: what is before relocation. Empty for functions and zero-initialised data.
  ElfFile::Bytes data;
};

struct ElfDynamic {
  std::vector<ElfSymbol> exported;
  std::vector<std::string> needed;   // libraries, as they are named
  std::vector<std::string> runpath;  // folders of DT_RUNPATH, or of DT_RPATH where there is none; $ORIGIN as it stands
};

// Throws PluginRefused E0302 where the file is damaged.
ElfDynamic read_elf_dynamic(const ElfFile& file);

}  // namespace binade::host
