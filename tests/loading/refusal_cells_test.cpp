// Every way in which a file can be no plugin for this host, made of real plugins by changing their bytes. Each is
// refused with a message of its own before any of its code has run. The test prints them as a table.
#include <elf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/crc.hpp>
#include <functional>
#include <set>

#include "binade/abi/plugin.h"
#include "host/loading/compatibility.h"
#include "host/loading/open_plugin.h"
#include "host/loading/plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using Change = std::function<void(FileBytes&)>;

struct Cell {
  std::string name, base, code, message;
  Change change;
};

template <class T>
T& at(FileBytes& bytes, std::size_t offset) {
  return *reinterpret_cast<T*>(bytes.data() + offset);
}
Elf64_Ehdr& header(FileBytes& bytes) { return at<Elf64_Ehdr>(bytes, 0); }

Change elf(std::function<void(Elf64_Ehdr&)> change) {
  return [=](FileBytes& bytes) { change(header(bytes)); };
}
Change segment(std::uint32_t type, std::function<void(Elf64_Phdr&)> change) {
  return [=](FileBytes& bytes) {
    for (std::size_t i = 0; i < header(bytes).e_phnum; ++i) {
      auto& segment = at<Elf64_Phdr>(bytes, header(bytes).e_phoff + i * sizeof(Elf64_Phdr));
      if (segment.p_type == type) return change(segment);
    }
    throw std::runtime_error("the fixture has no such segment");
  };
}
Change note(std::function<void(binade_note_header&, binade_manifest_header&)> change) {
  return [=](FileBytes& bytes) {
    ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
    change(note.header, note.description);
    note.put_back();
  };
}
Change block(std::function<void(binade_note_header&, binade_build_block&)> change) {
  return [=](FileBytes& bytes) {
    BuildBlockNote note(bytes, BINADE_NOTE_BUILD_BLOCK);
    change(note.header, note.description);
    note.put_back();
  };
}
// The exported symbol, and what it names.
Change symbol(std::function<void(Elf64_Sym&, binade_plugin&)> change) {
  return [=](FileBytes& bytes) {
    for (std::size_t i = 0; i < header(bytes).e_shnum; ++i) {
      const auto section = at<Elf64_Shdr>(bytes, header(bytes).e_shoff + i * sizeof(Elf64_Shdr));
      if (section.sh_type != SHT_DYNSYM) continue;
      for (std::uint64_t offset = 0; offset < section.sh_size; offset += sizeof(Elf64_Sym)) {
        auto& symbol = at<Elf64_Sym>(bytes, section.sh_offset + offset);
        if (symbol.st_shndx == SHN_UNDEF) continue;
        const auto home = at<Elf64_Shdr>(bytes, header(bytes).e_shoff + symbol.st_shndx * sizeof(Elf64_Shdr));
        return change(symbol, at<binade_plugin>(bytes, symbol.st_value - home.sh_addr + home.sh_offset));
      }
    }
    throw std::runtime_error("the fixture exports nothing");
  };
}
Change replace(std::string_view old, std::string_view text) {
  return [=](FileBytes& bytes) {
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (auto found = all.find(old); found != std::string_view::npos; found = all.find(old, found + 1)) {
      std::memcpy(bytes.data() + found, text.data(), text.size());
    }
  };
}
// The same in the manifest, with a right checksum.
Change manifest(std::string_view old, std::string_view text) {
  return [=](FileBytes& bytes) {
    replace(old, text)(bytes);
    ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
    boost::crc_32_type sum;
    sum.process_bytes(note.place() + sizeof(note.header) + sizeof(note.description), note.description.length);
    note.description.crc32 = sum.checksum();
    note.put_back();
  };
}
// Ten bytes of the note are left, then zeros.
const Change cut_note = [](FileBytes& bytes) {
  ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
  auto* const left = note.place() + sizeof(note.header) + 12;
  std::memset(left, 0, note.header.desc_size - 12);
  note.header.desc_size = 10;
  std::memcpy(note.place(), &note.header, sizeof(note.header));
};
const Change nothing = [](FileBytes&) {};

std::vector<Cell> elf_cells() {
  return {
      {"no ELF file", "good", "E0311", "it is not an ELF file", elf([](auto& h) { h.e_ident[0] = 'M'; })},
      {"empty file", "good", "E0311", "it is not an ELF file", [](FileBytes& bytes) { bytes.clear(); }},
      {"32 bits", "good", "E0311", "it has 32 bits", elf([](auto& h) { h.e_ident[EI_CLASS] = ELFCLASS32; })},
      {"unknown class", "good", "E0311", "it has no known class", elf([](auto& h) { h.e_ident[EI_CLASS] = 9; })},
      {"big-endian", "good", "E0311", "another byte order", elf([](auto& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; })},
      {"machine", "good", "E0311", "built for another machine\n", elf([](auto& h) { h.e_machine = EM_RISCV; })},
      {"executable", "good", "E0311", "it is not a shared library", elf([](auto& h) { h.e_type = ET_EXEC; })},
      {"system", "good", "E0311", "built for another system",
       elf([](auto& h) { h.e_ident[EI_OSABI] = ELFOSABI_FREEBSD; })},
      {"ELF version", "good", "E0302", "unknown version", elf([](auto& h) { h.e_version = 2; })},
      {"ELF padding", "good", "E0302", "unknown version", elf([](auto& h) { h.e_ident[12] = 1; })},
      {"ELF flags", "good", "E0302", "unknown flags", elf([](auto& h) { h.e_flags = 4; })},
      {"ELF entry", "good", "E0302", "names an entry", elf([](auto& h) { h.e_entry = 0x1000; })},
      {"ELF sizes", "good", "E0302", "states unusual sizes", elf([](auto& h) { h.e_ehsize = 52; })},
      {"segments elsewhere", "good", "E0302", "its program headers contradict each other",
       elf([](auto& h) { h.e_phoff += 8; })},
      {"segments beyond the end", "good", "E0302", "its program headers should be",
       elf([](auto& h) { h.e_phoff = 1u << 30; })},
      {"too few segments", "good", "E0302", "counts fewer program headers", elf([](auto& h) { --h.e_phnum; })},
      {"nothing dynamic", "good", "E0302", "name no dynamic section",
       segment(PT_DYNAMIC, [](auto& s) { s.p_type = PT_SHLIB; })},
      {"no dynamic strings", "good", "E0302", "its dynamic section has no strings",
       segment(PT_DYNAMIC, [](auto& s) { s.p_filesz = 16; })},
      {"sections contradict", "good", "E0302", "section headers contradict", elf([](auto& h) { h.e_shstrndx = 0; })},
      {"sections beyond the end", "good", "E0302", "its section headers should be", elf([](auto& h) { ++h.e_shnum; })},
      {"cut in half", "good", "E0302", "but the file has", [](FileBytes& b) { b.resize(b.size() / 2); }},
  };
}

std::vector<Cell> note_cells() {
  return {
      {"no note", "no_note", "E0301", "is not a Binade plugin", nothing},
      {"type of note", "good", "E0301", "carries no manifest", note([](auto& n, auto&) { n.type = 7; })},
      {"owner of note", "good", "E0302", "another owner", note([](auto& n, auto&) { n.owner[5] = 'x'; })},
      {"size of owner", "good", "E0302", "another owner", note([](auto& n, auto&) { n.name_size = 5; })},
      {"note beyond the end", "good", "E0302", "a note needs 1073741824 bytes",
       note([](auto& n, auto&) { n.desc_size = 1u << 30; })},
      {"note without a header", "good", "E0302", "its header needs 28 bytes, but the note has 10", cut_note},
      {"magic", "good", "E0302", "does not begin with BINADE01", note([](auto&, auto& m) { m.magic[7] = '2'; })},
      {"length too long", "good", "E0302", "its manifest needs", note([](auto&, auto& m) { ++m.length; })},
      {"length too short", "good", "E0302", "its manifest needs", note([](auto&, auto& m) { --m.length; })},
      {"length endless", "good", "E0302", "its manifest needs 4294967295 bytes",
       note([](auto&, auto& m) { m.length = 0xFFFFFFFF; })},
      {"two notes", "build_block", "E0302", "it has two different notes",
       block([](auto& n, auto&) { n.type = BINADE_NOTE_MANIFEST; })},
      {"note version", "good", "E0304", "plugin: note version 9", note([](auto&, auto& m) { m.note_version = 9; })},
      {"draft ABI", "good", "E0304", "plugin: ABI 0.3", note([](auto&, auto& m) { m.abi_major = 0, m.abi_minor = 3; })},
      {"next ABI", "good", "E0304", "plugin: ABI 2.0", note([](auto&, auto& m) { m.abi_major = 2, m.abi_minor = 0; })},
      {"needs a later minor", "needs_minor", "E0304", "plugin: needs_abi = \"1.9\"", nothing},
      {"checksum", "good", "E0303", "checksum stated: 00000001", note([](auto&, auto& m) { m.crc32 = 1; })},
      {"text", "good", "E0303", "checksum found:", replace("A fixture", "B fixture")},
      {"no TOML", "good", "E0312", "has mistakes", manifest("kind = ", "kind # ")},
      {"unknown kind", "good", "E0312", "E0216", manifest("\"precision\"", "\"precisiom\"")},
  };
}

std::vector<Cell> symbol_cells() {
  return {
      {"kind", "symbol_of_other_kind", "E0310", "the symbol is of kind 3", nothing},
      {"no symbol", "good", "E0310", "has no symbol binade_plugin_v1", replace("binade_plugin_v1", "binade_plugin_v2")},
      {"more symbols", "wrong/precision_exports_more", "E0310", "beside binade_plugin_v1 it exports", nothing},
      {"symbol is a function", "good", "E0310", "is not data",
       symbol([](auto& s, auto&) { s.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC); })},
      {"size of symbol", "good", "E0310", "is too small", symbol([](auto& s, auto&) { s.st_size = 8; })},
      {"struct_size", "good", "E0310", "states 8 bytes", symbol([](auto&, auto& p) { p.struct_size = 8; })},
      {"ABI major of symbol", "good", "E0310", "the symbol is of ABI 9.",
       symbol([](auto&, auto& p) { p.abi_major = 9; })},
      {"ABI minor of symbol", "good", "E0310", "the symbol is of ABI 1.77",
       symbol([](auto&, auto& p) { p.abi_minor = 77; })},
      {"ABI minor of note", "good", "E0310", "the note of 1.99", note([](auto&, auto& m) { m.abi_minor = 99; })},
      {"missing function", "needs_symbol", "E0309", "it needs `binade_fixture_missing`", nothing},
      {"missing library", "good", "E0309", "it needs the library libq.so.6", replace("libc.so.", "libq.so.")},
      {"newer system", "good", "E0309", "built on a newer system", replace("GLIBC_2.", "GLIBC_9.")},
  };
}

std::vector<Cell> build_cells() {
  const auto differs = [](const std::string& name, const std::string& code, const std::string& message,
                          std::function<void(binade_build_block&)> change) {
    return Cell{name, "build_block", code, message, block([change](auto&, auto& b) { change(b); })};
  };
  return {
      differs("torch version", "E0306", "plugin: 2.10.0", [](auto& b) { std::memcpy(b.torch_version, "2.10.0", 7); }),
      differs("torch nightly", "E0306", "plugin: 2.11.0a0",
              [](auto& b) { std::memcpy(b.torch_version, "2.11.0a0", 9); }),
      differs("identity of libc10", "E0306", "plugin: f10c10c10c10", [](auto& b) { b.c10_build_id[0] = 'f'; }),
      differs("identity of libtorch", "E0306", "plugin: fafecafecafe", [](auto& b) { b.torch_cpu_build_id[0] = 'f'; }),
      differs("CXX11 ABI", "E0307", "-D_GLIBCXX_USE_CXX11_ABI=1", [](auto& b) { b.cxx11_abi = 0; }),
      differs("debug containers", "E0307", "without _GLIBCXX_DEBUG", [](auto& b) { b.debug_containers = 1; }),
      differs("AddressSanitizer", "E0307", "plugin: address\n", [](auto& b) { b.sanitizers = 1; }),
      differs("ThreadSanitizer", "E0307", "plugin: thread\n", [](auto& b) { b.sanitizers = 2; }),
      differs("unknown sanitizer", "E0307", "plugin: 0x40", [](auto& b) { b.sanitizers = 0x40; }),
      differs("libc++", "E0307", "plugin: libc++", [](auto& b) { b.standard_library = 2; }),
      differs("unknown C++ library", "E0307", "plugin: number 5", [](auto& b) { b.standard_library = 5; }),
      differs("fingerprint", "E0307", "plugin: 00000bad", [](auto& b) { b.layout_fingerprint = 0xBAD; }),
      differs("size of build block", "E0307", "plugin: 8\n", [](auto& b) { b.struct_size = 8; }),
      differs("after the texts", "E0307", "bytes after the texts", [](auto& b) { b.torch_version[20] = 'x'; }),
      {"no build block", "build_block", "E0302", "a model without a build block",
       block([](auto& n, auto&) { n.type = 99; })},
      {"build block cut short", "build_block", "E0302", "its build block needs 144 bytes",
       block([](auto& n, auto&) { n.desc_size -= 4; })},
  };
}

class Refusals : public testing::Test {
 protected:
  // The code and the message by which a run refuses the file.
  std::pair<std::string, std::string> open(const std::filesystem::path& path) const {
    try {
      const auto file = read_plugin_file(path);
      if (file.manifest.kind == PluginKind::model) require_same_build(file, engine, "libengine.so");
      open_plugin(file, nullptr);
      return {"", ""};
    } catch (const PluginRefused& refused) {
      return {refused.code(), refused.what()};
    }
  }

  TemporaryFolder folder;
  Marker marker{folder};
  binade_build_block engine = read_build_block(fixture("build_block")).value();
};

TEST_F(Refusals, EachHasAMessageOfItsOwnAndComesBeforeAnyCode) {
  std::vector<Cell> cells;
  for (const auto& part : {elf_cells(), note_cells(), symbol_cells(), build_cells()}) {
    cells.insert(cells.end(), part.begin(), part.end());
  }
  std::set<std::string> names, texts;
  for (const auto& [name, base, code, message, change] : cells) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.insert(name).second);
    auto bytes = read_bytes(fixture(base));
    change(bytes);
    const auto path = folder / "plugin.so";
    write_bytes(path, bytes);
    const auto [found, text] = open(path);
    EXPECT_EQ(found, code) << text;
    EXPECT_THAT(text, HasSubstr(message));
    EXPECT_THAT(text, HasSubstr(path.string()));
    EXPECT_FALSE(marker.code_has_run());
    auto line = text.substr(0, text.find('\n'));
    for (auto at = line.find(path.string()); at != std::string::npos; at = line.find(path.string())) {
      line.replace(at, path.string().size(), "FILE");
    }
    texts.insert(text);
    fmt::print("{:<24} {}  {}\n", name, found, line);
  }
  EXPECT_GE(cells.size(), 60u);
  EXPECT_GE(texts.size(), cells.size() - 4);  // the same may be wrong in two places
}

// What the others are measured by: the marker works, and the files are plugins before they are changed.
TEST_F(Refusals, DoNotMeetTheFilesThatTheyWereMadeOf) {
  EXPECT_EQ(open(fixture("build_block")).second, "");
  EXPECT_TRUE(marker.code_has_run());
  EXPECT_EQ(open(fixture("good")).second, "");
}

}  // namespace
}  // namespace binade::host
