// A shared library as bytes that may come from anywhere: its segments and sections, every bound checked.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace binade::host {

// Refers to the bytes and the name that it was made of.
class ElfFile {
 public:
  using Bytes = std::span<const std::byte>;

  // Throws PluginRefused: E0311 where this is no shared library of this machine's kind, E0302 where the ELF header and
  // what it points to contradict each other, or the file ends before something that it announces. `name` stands in
  // messages.
  ElfFile(Bytes bytes, const std::string& name);

  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  const std::vector<Elf64_Shdr>& sections() const { return sections_; }  // may be none
  bool is_named(const Elf64_Shdr& section, std::string_view name) const;

  // Part of the file. Throws PluginRefused E0302 where it is not there; `what` stands in the message.
  Bytes slice(std::uint64_t offset, std::uint64_t size, std::string_view what) const;
  // What the loader puts at an address: the file's bytes from there to the end of the segment. Throws as above.
  Bytes at_address(std::uint64_t address, std::string_view what) const;
  [[noreturn]] void damaged(const std::string& why) const;

  // Element `index` of a table that is long enough.
  template <class T>
  static T element(Bytes table, std::size_t index) {
    T value;
    std::memcpy(&value, table.data() + index * sizeof(T), sizeof(T));
    return value;
  }

 private:
  [[noreturn]] void foreign(std::string_view why) const;
  void read_header();
  void read_segments();
  void read_sections();
  bool is_segment(const Elf64_Phdr& segment) const;

  Bytes bytes_;
  const std::string& name_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
  Bytes section_names_;
};

}  // namespace binade::host
