// The segments and sections of a shared library from an untrusted source. Checks every bound.
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

// Refers to the bytes and the name that it was constructed with.
class ElfFile {
 public:
  using Bytes = std::span<const std::byte>;

  // Throws PluginRefused: E0311 when it is not a shared library for this kind of machine, E0302 when headers contradict
  // each other or point beyond the end of the file. Messages use `name`.
  ElfFile(Bytes bytes, const std::string& name);

  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  const std::vector<Elf64_Shdr>& sections() const { return sections_; }  // may be empty
  bool is_named(const Elf64_Shdr& section, std::string_view name) const;

  // Returns a part of the file. Throws PluginRefused E0302 when it lies outside; the message uses `what`.
  Bytes slice(std::uint64_t offset, std::uint64_t size, std::string_view what) const;
  // Returns the bytes that the loader maps at an address, up to the end of the segment. Throws as above.
  Bytes at_address(std::uint64_t address, std::string_view what) const;
  [[noreturn]] void damaged(const std::string& why) const;

  // Returns element `index` of a table, which must be long enough.
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
