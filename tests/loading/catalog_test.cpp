// Which folders are searched, and which file an experiment gets.
#include "host/loading/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CatalogTest : public testing::Test {
 protected:
  std::filesystem::path put(const std::string& name, const std::string& into) {
    std::filesystem::create_directories(folder / into);
    auto path = folder / into / (name + ".so");
    std::filesystem::copy_file(fixture(name), path);
    return path;
  }
  std::string find_code(const Catalog& catalog, const std::string& id, const std::string& library = {}) {
    Diagnostics diagnostics;
    const auto* manifest = catalog.find(PluginKind::precision, id, library, {}, diagnostics);
    text.clear();
    if (diagnostics.empty()) return manifest == nullptr ? "not there" : "found";
    const auto& diagnostic = diagnostics.all().front();
    text = diagnostic.message;
    for (const auto& note : diagnostic.notes) text += "\n" + note;
    return diagnostic.code;
  }

  TemporaryFolder folder;
  std::string text;
};

TEST_F(CatalogTest, FindsPluginsByKindAndIdAndPassesOverOtherFiles) {
  const auto path = put("good", "a");
  put("throws_in_create", "b");
  put("no_note", "a");
  write_bytes(folder / "a" / "text.so", FileBytes(7, std::byte{'x'}));
  const Catalog catalog({folder / "a", folder / "b"});
  EXPECT_THAT(catalog.ids(PluginKind::precision), ElementsAre("good", "throws_in_create"));
  EXPECT_THAT(catalog.ids(PluginKind::model), IsEmpty());
  EXPECT_THAT(catalog.refused(), IsEmpty());
  EXPECT_EQ(find_code(catalog, "good"), "found");
  EXPECT_EQ(catalog.file(PluginKind::precision, "good", "").path, path);
  EXPECT_EQ(find_code(catalog, "absent"), "not there");
}

TEST_F(CatalogTest, ReportsAFileWithoutANoteWhenItIsAskedForByName) {
  put("no_note", "a");
  EXPECT_EQ(find_code(Catalog({folder / "a"}), "no_note"), "E0301");
}

TEST_F(CatalogTest, ReportsARefusedFileWhenItIsAskedForByIdOrByName) {
  auto bytes = read_bytes(fixture("good"));
  ManifestNote note(bytes, BINADE_NOTE_MANIFEST);
  note.description.abi_major = 9;
  note.put_back();
  write_bytes(folder / "old.so", bytes);
  const Catalog catalog({folder.path()});
  ASSERT_EQ(catalog.refused().size(), 1u);
  EXPECT_EQ(catalog.refused().front().code, "E0304");
  EXPECT_EQ(find_code(catalog, "good"), "E0304");
  EXPECT_THAT(text, HasSubstr("plugin: ABI 9."));
  EXPECT_EQ(find_code(catalog, "old"), "E0304");
  EXPECT_EQ(find_code(catalog, "other"), "not there");
}

TEST_F(CatalogTest, RefusesTwoFilesOfOneIdAndNamesBoth) {
  const auto first = put("good", "a"), second = put("good", "b");
  const Catalog catalog({folder / "a", folder / "b"});
  EXPECT_EQ(find_code(catalog, "good"), "E0308");
  EXPECT_THAT(text, HasSubstr(first.string()));
  EXPECT_THAT(text, HasSubstr(second.string()));
  EXPECT_THAT(catalog.ids(PluginKind::precision), ElementsAre("good"));
  EXPECT_EQ(find_code(catalog, "good", second), "found");
  EXPECT_EQ(catalog.file(PluginKind::precision, "good", second).path, second);
}

TEST_F(CatalogTest, TakesOneFileThatIsReachedByTwoWaysAsOne) {
  put("good", "a");
  std::filesystem::create_directory_symlink(folder / "a", folder / "linked");
  std::filesystem::create_directory(folder / "b");
  std::filesystem::create_symlink(folder / "a" / "good.so", folder / "b" / "other.so");
  const Catalog catalog({folder / "a", folder / "a", folder / "linked", folder / "b"});
  EXPECT_EQ(catalog.files().size(), 1u);
  EXPECT_EQ(find_code(catalog, "good"), "found");
}

TEST_F(CatalogTest, ReadsTheFileOfALibraryKeyThatLiesInNoFolder) {
  const Catalog catalog({});
  EXPECT_EQ(find_code(catalog, "good", fixture("good")), "found");
  EXPECT_EQ(catalog.file(PluginKind::precision, "good", fixture("good")).manifest.version, "1.2.3");
  EXPECT_EQ(find_code(catalog, "another", fixture("good")), "E0305");
  EXPECT_EQ(find_code(catalog, "good", folder / "absent.so"), "E0301");
}

TEST_F(CatalogTest, KeepsManifestsWhereTheyAreWhileMoreAreRead) {
  const Catalog catalog({});
  Diagnostics diagnostics;
  const auto* manifest = catalog.find(PluginKind::precision, "good", fixture("good"), {}, diagnostics);
  for (const auto* name : {"throws_in_create", "optimized"}) find_code(catalog, "", fixture(name));
  EXPECT_EQ(catalog.find(PluginKind::precision, "good", fixture("good"), {}, diagnostics), manifest);
  EXPECT_EQ(manifest->id, "good");
}

class PluginFolders : public CatalogTest {
 protected:
  // Puts the variables back as they were.
  class Variable {
   public:
    Variable(const char* name, const std::string& value) : name_(name) {
      if (const char* old = ::getenv(name)) old_ = old;
      ::setenv(name, value.c_str(), 1);
    }
    ~Variable() { old_.empty() ? ::unsetenv(name_) : ::setenv(name_, old_.c_str(), 1); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

   private:
    const char* name_;
    std::string old_;
  };
  std::filesystem::path make(const std::string& name) {
    std::filesystem::create_directories(folder / name);
    return folder / name;
  }
};

TEST_F(PluginFolders, AreThoseThatExistInTheOrderOfSearch) {
  const auto first = make("first"), second = make("second"), user = make("data/binade/plugins"),
             own = make("tree/lib/binade/plugins");
  make("tree/bin");
  const Variable path("BINADE_PLUGIN_PATH", second.string() + ":" + (folder / "absent").string() +
                                                "::" + first.string() + ":" + second.string());
  const Variable data("XDG_DATA_HOME", folder / "data");
  std::vector<std::string> warnings;
  EXPECT_THAT(plugin_folders(folder / "tree/bin/binade", [&](const auto& text) { warnings.push_back(text); }),
              ElementsAre(second, first, user, own));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings.front().find((folder / "absent").string() + ", which cannot be read: No such file"),
            std::string::npos)
      << warnings.front();
}

TEST_F(PluginFolders, FollowALinkToTheExecutable) {
  const auto own = make("tree/lib/binade/plugins");
  make("tree/bin");
  write_bytes(folder / "tree/bin/binade", {});
  std::filesystem::create_symlink(folder / "tree/bin/binade", folder / "binade");
  const Variable path("BINADE_PLUGIN_PATH", ""), data("XDG_DATA_HOME", ""), home("HOME", make("home"));
  const auto fail = [](const std::string& warning) { ADD_FAILURE() << warning; };
  EXPECT_THAT(plugin_folders(folder / "binade", fail), ElementsAre(own));
  const auto user = make("home/.local/share/binade/plugins");
  EXPECT_THAT(plugin_folders(folder / "binade", fail), ElementsAre(user, own));
}

}  // namespace
}  // namespace binade::host
