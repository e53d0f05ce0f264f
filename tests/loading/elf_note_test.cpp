// The note reader on untrusted files.
#include "host/loading/elf/elf_note.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <boost/crc.hpp>
#include <random>

#include "host/loading/plugin_file.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

// Either a plugin file or PluginRefused; its code, or "" when it was taken.
std::string judge(std::span<const std::byte> bytes) {
  // Bytes of their own, so that a sanitizer sees a read past their end.
  const FileBytes own(bytes.begin(), bytes.end());
  try {
    judge_plugin_file(own, "plugin.so");
    return "";
  } catch (const PluginRefused& refused) {
    EXPECT_NE(std::string_view(refused.what()).find("plugin.so"), std::string_view::npos) << refused.what();
    return refused.code();
  }
}

template <class Change>
FileBytes with_header(FileBytes bytes, Change change) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  change(header);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

TEST(ElfNote, IsReadFromThePluginThatBinadeAddPluginBuilt) {
  const auto file = read_plugin_file(fixture("good"));
  EXPECT_EQ(file.manifest.id, "good");
  EXPECT_EQ(file.manifest.kind, PluginKind::precision);
  EXPECT_EQ(file.manifest.version, "1.2.3");
  EXPECT_FALSE(file.build_block);
}

TEST(ElfNote, IsFoundThroughSegmentsWhenSectionHeadersAreStripped) {
  auto bytes = read_bytes(fixture("build_block"));
  std::uint64_t end = 0;
  bytes = with_header(std::move(bytes), [&](Elf64_Ehdr& header) {
    end = header.e_shoff;
    header.e_shoff = header.e_shnum = header.e_shstrndx = 0;
  });
  bytes.resize(end);
  const auto file = judge_plugin_file(bytes, "plugin.so");
  EXPECT_EQ(file.manifest.id, "build_block");
  ASSERT_TRUE(file.build_block);
  EXPECT_EQ(text_of(file.build_block->torch_version), "2.11.0");
}

TEST(ElfNote, OfAFileCutShortAnywhereIsRefused) {
  const auto bytes = read_bytes(fixture("good"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto code = judge(std::span(bytes).first(size));
    ASSERT_EQ(code, size < SELFMAG ? "E0311" : "E0302") << "cut to " << size << " bytes";
  }
}

TEST(ElfNote, OfAFileCutShortAnywhereIsRefusedWithoutSectionHeadersToo) {
  const auto bytes = with_header(read_bytes(fixture("good")),
                                 [](Elf64_Ehdr& header) { header.e_shoff = header.e_shnum = header.e_shstrndx = 0; });
  std::uint64_t loaded = 0;
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (std::size_t index = 0; index < header.e_phnum; ++index) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + index * sizeof(segment), sizeof(segment));
    if (segment.p_type == PT_LOAD) loaded = std::max(loaded, segment.p_offset + segment.p_filesz);
  }
  for (std::size_t size = SELFMAG; size < loaded; ++size) {
    ASSERT_EQ(judge(std::span(bytes).first(size)), "E0302") << "cut to " << size << " bytes";
  }
  EXPECT_EQ(judge(std::span(bytes).first(loaded)), "");
}

// Whole bytes anywhere, and extreme numbers where the format keeps its numbers.
TEST(ElfNote, SurvivesTenThousandMutations) {
  std::size_t refused = 0, taken = 0;
  std::mt19937_64 random(20240607);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (const auto* name : {"good", "build_block"}) {
    const auto original = read_bytes(fixture(name));
    Elf64_Ehdr header;
    std::memcpy(&header, original.data(), sizeof(header));
    for (int round = 0; round < 5000; ++round) {
      auto bytes = original;
      for (auto changes = 1 + below(4); changes > 0; --changes) {
        // Four kinds of places: ELF and program headers, the notes behind them, section headers, anywhere.
        const std::uint64_t places[] = {below(1024), below(1024), header.e_shoff + below(bytes.size() - header.e_shoff),
                                        below(bytes.size())};
        const std::uint64_t numbers[] = {below(256), ~std::uint64_t{0}, std::uint64_t{1} << 63, bytes.size() - 1};
        const auto place = places[below(4)], number = numbers[below(4)];
        const std::size_t width = std::size_t{1} << below(4);
        std::memcpy(bytes.data() + place, &number, std::min(width, bytes.size() - place));
      }
      (judge(bytes).empty() ? taken : refused) += 1;
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_GT(taken, 1000u);
}

// What a mistaken tool could embed: a text of any bytes behind a right checksum.
TEST(ElfNote, WithAnyTextAndARightChecksumIsTakenOrRefused) {
  std::size_t refused = 0;
  std::mt19937_64 random(20240608);
  const auto original = read_bytes(fixture("good"));
  for (int round = 0; round < 5000; ++round) {
    auto bytes = original;
    ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
    auto* text = note.place() + sizeof(note.header) + sizeof(note.description);
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      const std::string_view telling = "\"'[]{}=.#\n\r\t\\0x7\xFF\xC3";
      const auto place = random() % note.description.length;
      text[place] =
          random() % 2 == 0 ? static_cast<std::byte>(random()) : std::byte(telling[random() % telling.size()]);
    }
    boost::crc_32_type sum;
    sum.process_bytes(text, note.description.length);
    note.description.crc32 = sum.checksum();
    note.put_back();
    const auto code = judge(bytes);
    ASSERT_TRUE(code.empty() || code == "E0312") << code;
    refused += code.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 1000u);
}

TEST(ElfNote, OfAnotherMachineIsRefusedAsThat) {
  const auto good = read_bytes(fixture("good"));
  EXPECT_EQ(judge(with_header(good, [](Elf64_Ehdr& header) { header.e_machine = EM_S390; })), "E0311");
  EXPECT_EQ(judge(with_header(good, [](Elf64_Ehdr& header) { header.e_ident[EI_CLASS] = ELFCLASS32; })), "E0311");
  EXPECT_EQ(judge(with_header(good, [](Elf64_Ehdr& header) { header.e_ident[EI_DATA] = ELFDATA2MSB; })), "E0311");
  EXPECT_EQ(judge(with_header(good, [](Elf64_Ehdr& header) { header.e_type = ET_EXEC; })), "E0311");
}

}  // namespace
}  // namespace binade::host
