// Plugins that are wrong in one way each: refused with a message of their own, and before any of their code has run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binade/abi/plugin.h"
#include "host/loading/catalog.h"
#include "host/loading/compatibility.h"
#include "host/loading/open_plugin.h"
#include "host/loading/plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Refusal : public testing::Test {
 protected:
  // Writes the bytes as a file and opens it by all the steps of a run.
  void open(const FileBytes& bytes) {
    write_bytes(path, bytes);
    code = message = "";
    try {
      const auto file = read_plugin_file(path);
      if (file.manifest.kind == PluginKind::model) require_same_build(file, engine, "libengine.so");
      open_plugin(file, nullptr);
    } catch (const PluginRefused& refused) {
      code = refused.code();
      message = refused.what();
      EXPECT_THAT(message, HasSubstr(path.string()));
    }
  }
  template <class Change>
  void open_with_manifest(Change change) {
    auto bytes = read_bytes(fixture("good"));
    ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
    change(note.header, note.description);
    note.put_back();
    open(bytes);
  }
  template <class Change>
  void open_with_build_block(Change change) {
    auto bytes = read_bytes(fixture("build_block"));
    engine = read_build_block(fixture("build_block")).value();
    BuildBlockNote note(bytes, BINADE_NOTE_BUILD_BLOCK);
    change(note.description);
    note.put_back();
    open(bytes);
  }

  // The good plugin with each `old` changed to `text`, which is as long.
  static FileBytes with_text_replaced(std::string_view old, std::string_view text) {
    auto bytes = read_bytes(fixture("good"));
    const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (auto at = all.find(old); at != std::string_view::npos; at = all.find(old, at + 1)) {
      std::memcpy(bytes.data() + at, text.data(), text.size());
    }
    return bytes;
  }

  TemporaryFolder folder;
  Marker marker{folder};
  std::filesystem::path path = folder / "plugin.so";
  binade_build_block engine{};
  std::string code, message;
};

TEST_F(Refusal, DoesNotMeetAGoodPluginWhoseMarkerProvesThatItsCodeRan) {
  open(read_bytes(fixture("good")));
  EXPECT_EQ(code, "") << message;
  EXPECT_TRUE(marker.code_has_run());
}

TEST_F(Refusal, DoesNotMeetAModelThatWasBuiltLikeTheEngine) {
  open_with_build_block([](binade_build_block&) {});
  EXPECT_EQ(code, "") << message;
  EXPECT_TRUE(marker.code_has_run());
}

TEST_F(Refusal, OfAnotherAbiNamesBothVersions) {
  const auto abi = [](int major) { return std::to_string(major) + "." + std::to_string(BINADE_ABI_MINOR); };
  open_with_manifest([](auto&, auto& manifest) { manifest.abi_major = 7; });
  EXPECT_EQ(code, "E0304");
  EXPECT_THAT(message, AllOf(HasSubstr("host:   ABI " + abi(BINADE_ABI_MAJOR)), HasSubstr("plugin: ABI " + abi(7)),
                             HasSubstr("build")));
  EXPECT_FALSE(marker.code_has_run());

  open_with_manifest([](auto&, auto& manifest) { manifest.note_version = 9; });
  EXPECT_EQ(code, "E0304");
  EXPECT_THAT(message, HasSubstr("plugin: note version 9"));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfALibraryWithoutANoteSaysHowToBuildAPlugin) {
  open(read_bytes(fixture("no_note")));
  EXPECT_EQ(code, "E0301");
  EXPECT_THAT(message, AllOf(HasSubstr("not a Binade plugin"), HasSubstr("binade_add_plugin")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfATruncatedNoteSaysWhatIsMissing) {
  open_with_manifest([](auto& note, auto&) { note.desc_size = 1u << 30; });
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("a note needs 1073741824 bytes"));

  open_with_manifest([](auto& note, auto&) { note.desc_size = 10; });
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("is damaged"));

  open_with_manifest([](auto&, auto& manifest) { manifest.length += 1; });
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("its manifest needs"));

  open_with_manifest([](auto&, auto& manifest) { manifest.magic[0] = 'X'; });
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("does not begin with BINADE01"));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAWrongChecksumShowsBoth) {
  open_with_manifest([](auto&, auto& manifest) { manifest.crc32 = 0x12345678; });
  EXPECT_EQ(code, "E0303");
  EXPECT_THAT(message, AllOf(HasSubstr("checksum stated: 12345678"), HasSubstr("checksum found:")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfATextThatWasChangedIsThatOfTheChecksum) {
  auto bytes = read_bytes(fixture("good"));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  bytes[text.find("id = \"good\"") + 6] = std::byte{'w'};
  open(bytes);
  EXPECT_EQ(code, "E0303");
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAModelWithoutABuildBlockSaysSo) {
  open_with_build_block([](binade_build_block&) {});
  auto bytes = read_bytes(path);
  BuildBlockNote note(bytes, BINADE_NOTE_BUILD_BLOCK);
  note.header.type = 99;  // a note that this host does not know
  note.put_back();
  open(bytes);
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("without a build block"));
}

TEST_F(Refusal, OfTwoNotesThatDifferSaysSo) {
  auto bytes = read_bytes(fixture("build_block"));
  BuildBlockNote note(bytes, BINADE_NOTE_BUILD_BLOCK);
  note.header.type = BINADE_NOTE_MANIFEST;
  note.put_back();
  open(bytes);
  EXPECT_EQ(code, "E0302");
  EXPECT_THAT(message, HasSubstr("it has two different notes"));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAnotherLibTorchVersionNamesBoth) {
  open_with_build_block([](binade_build_block& block) { std::memcpy(block.torch_version, "2.10.0", 7); });
  EXPECT_EQ(code, "E0306");
  EXPECT_THAT(message, AllOf(HasSubstr("LibTorch version\n  host:   2.11.0\n  plugin: 2.10.0\n"),
                             HasSubstr("CMAKE_PREFIX_PATH"), HasSubstr("libengine.so")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAnotherBuildOfTheSameLibTorchNamesTheBuildIds) {
  open_with_build_block([](binade_build_block& block) { block.c10_build_id[0] = 'f'; });
  EXPECT_EQ(code, "E0306");
  EXPECT_THAT(message, HasSubstr("build-id of libc10\n  host:   c10c10c10c10\n  plugin: f10c10c10c10\n"));

  open_with_build_block([](binade_build_block& block) { block.torch_cpu_build_id[0] = 'f'; });
  EXPECT_EQ(code, "E0306");
  EXPECT_THAT(message, HasSubstr("build-id of libtorch_cpu\n  host:   cafecafecafe\n  plugin: fafecafecafe\n"));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfOtherCompilerSettingsNamesEachOfThem) {
  const auto expect = [&](auto change, const std::string& wanted) {
    open_with_build_block(change);
    EXPECT_EQ(code, "E0307");
    EXPECT_THAT(message, HasSubstr(wanted));
    EXPECT_FALSE(marker.code_has_run());
  };
  expect([](auto& block) { block.struct_size = 8; }, "size of the build block\n  host:   144\n  plugin: 8\n");
  expect([](auto& block) { block.cxx11_abi = 0; }, "_GLIBCXX_USE_CXX11_ABI\n  host:   1\n  plugin: 0\n");
  expect([](auto& block) { block.debug_containers = 1; }, "debug containers\n  host:   off\n  plugin: on\n");
  expect([](auto& block) { block.sanitizers = 3; }, "sanitizers\n  host:   none\n  plugin: address thread\n");
  expect([](auto& block) { block.sanitizers = 9; }, "sanitizers\n  host:   none\n  plugin: address 0x8\n");
  expect([](auto& block) { block.standard_library = BINADE_STANDARD_LIBRARY_LIBCXX; },
         "C++ standard library\n  host:   libstdc++\n  plugin: libc++\n");
  expect([](auto& block) { block.layout_fingerprint = 0xBAD; },
         "layout of shared types\n  host:   00c0ffee\n  plugin: 00000bad\n");
}

TEST_F(Refusal, ReportsAllDifferencesOfABuildAtOnce) {
  open_with_build_block([](binade_build_block& block) {
    block.torch_version[0] = '3';
    block.cxx11_abi = 0;
  });
  EXPECT_EQ(code, "E0306");
  EXPECT_THAT(message, AllOf(HasSubstr("plugin: 3.11.0"), HasSubstr("_GLIBCXX_USE_CXX11_ABI")));
}

TEST_F(Refusal, OfABuildBlockWithoutEndReadsOnlyTheBlock) {
  open_with_build_block([](binade_build_block& block) { std::memset(block.torch_version, 'x', 24); });
  EXPECT_EQ(code, "E0306");
  EXPECT_THAT(message, HasSubstr("plugin: " + std::string(24, 'x') + "\n"));
}

TEST_F(Refusal, OfAWrongKindNamesBothKinds) {
  std::filesystem::copy_file(fixture("good"), path);
  const Catalog catalog({folder.path()});
  for (const auto& library : {std::string(), path.string()}) {
    Diagnostics diagnostics;
    EXPECT_EQ(catalog.find(PluginKind::dataset, "good", library, {"file.toml", 3, 10, 6}, diagnostics), nullptr);
    ASSERT_EQ(diagnostics.all().size(), 1u);
    const auto& diagnostic = diagnostics.all().front();
    EXPECT_EQ(diagnostic.code, "E0305");
    EXPECT_EQ(diagnostic.where.line, 3u);
    auto text = diagnostic.message;
    for (const auto& note : diagnostic.notes) text += "\n" + note;
    EXPECT_THAT(text, AllOf(HasSubstr("precision"), HasSubstr("dataset"), HasSubstr(path.string())));
  }
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfASymbolThatContradictsItsNoteNamesBothKinds) {
  open(read_bytes(fixture("symbol_of_other_kind")));
  EXPECT_EQ(code, "E0310");
  EXPECT_THAT(message, HasSubstr("the symbol is of kind 3, the manifest's kind is precision (2)"));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAPluginThatNeedsASymbolNamesTheSymbol) {
  open(read_bytes(fixture("needs_symbol")));
  EXPECT_EQ(code, "E0309");
  EXPECT_THAT(message, AllOf(HasSubstr("it needs `binade_fixture_missing`"), HasSubstr("the dynamic linker says: ")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAPluginThatNeedsAnAbsentLibraryNamesTheLibrary) {
  open(with_text_replaced("libc.so.", "libq.so."));
  EXPECT_EQ(code, "E0309");
  EXPECT_THAT(message, AllOf(HasSubstr("it needs the library libq.so.6, which was not found"),
                             HasSubstr("LD_LIBRARY_PATH"), HasSubstr("the dynamic linker says: ")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAPluginFromANewerSystemNamesTheVersionThatItNeeds) {
  open(with_text_replaced("GLIBC_2.", "GLIBC_9."));
  EXPECT_EQ(code, "E0309");
  EXPECT_THAT(message,
              AllOf(HasSubstr("it was built on a newer system and needs GLIBC_9."), HasSubstr("build it here")));
  EXPECT_FALSE(marker.code_has_run());
}

TEST_F(Refusal, OfAFileThatCannotBeReadSaysWhy) {
  const auto message = [](const std::filesystem::path& path) -> std::string {
    try {
      read_plugin_file(path);
      return "";
    } catch (const PluginRefused& refused) {
      return refused.code() + refused.what();
    }
  };
  EXPECT_THAT(message(folder / "absent.so"), AllOf(HasSubstr("E0301"), HasSubstr("No such file")));
  EXPECT_THAT(message(folder.path()), AllOf(HasSubstr("E0301"), HasSubstr("it is a folder, not a file")));
  write_bytes(folder / "huge.so", {});
  std::filesystem::resize_file(folder / "huge.so", (std::uintmax_t{2} << 30) + 1);
  EXPECT_THAT(message(folder / "huge.so"), AllOf(HasSubstr("E0301"), HasSubstr("larger than 2 GiB")));
  write_bytes(folder / "empty.so", {});
  EXPECT_THAT(message(folder / "empty.so"), AllOf(HasSubstr("E0311"), HasSubstr("not an ELF file")));
}

}  // namespace
}  // namespace binade::host
