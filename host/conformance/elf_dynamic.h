// What a shared library asks of and offers to the dynamic linker, read without loading it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace binade::host {

struct ElfDynamic {
  std::vector<std::string> exported;  // names of defined dynamic symbols; functions with "()" behind
  std::vector<std::string> needed;    // libraries, as they are named
};

// Throws std::runtime_error where the file is no ELF file of this machine, or is damaged.
ElfDynamic read_elf_dynamic(const std::filesystem::path& path);

}  // namespace binade::host
