// What --locked loads, and what it refuses before any code has run.
#include "host/loading/lock/verified_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>

#include "host/base/sha256.h"
#include "host/loading/open_plugin.h"
#include "tests/loading/fixture.h"

namespace binade::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A plugin with a library of its own, in a folder of its own, and its lock.
class Locked : public testing::Test {
 protected:
  Locked() {
    std::filesystem::create_directory(home);
    std::filesystem::copy_file(fixture("locked/with_library"), plugin);
    std::filesystem::copy_file(beside(""), library);
    ::chmod(plugin.c_str(), 0755);
    ::chmod(library.c_str(), 0755);
    write_lock();
  }
  ~Locked() override { ::unsetenv("LD_LIBRARY_PATH"); }

  static std::filesystem::path beside(const std::string& folder) {
    return fixture("locked/with_library").parent_path() / folder / "libbeside.so";
  }
  static binade_build_block engine() { return read_build_block(fixture("build_block")).value(); }
  void write_lock() const {
    auto lock = make_lock(engine(), "1.0.0");
    add(lock, read_plugin_file(plugin));
    std::ofstream(lock_path) << to_toml(lock);
  }
  // The message by which the plugin is refused; empty when it was loaded.
  std::string open() const { return open(read_plugin_file(plugin)); }
  std::string open(const PluginFile& file) const {
    try {
      VerifiedCopies copies(lock_path);
      copies.require_host(engine(), "1.0.0");
      open_plugin(copies.verify(file), nullptr);
      return "";
    } catch (const PluginRefused& refused) {
      EXPECT_EQ(refused.code(), "E0313");
      EXPECT_FALSE(marker.code_has_run());
      return refused.what();
    }
  }
  static void append(const std::filesystem::path& path) { std::ofstream(path, std::ios::app) << "x"; }

  TemporaryFolder folder;
  Marker marker{folder};
  std::filesystem::path home = folder / "plugins", plugin = home / "mine.so", library = home / "libbeside.so",
                        lock_path = folder / "first.lock";
};

TEST_F(Locked, LoadsACopyInAFolderOfItsOwnThatIsGoneAfterwards) {
  std::filesystem::path copy;
  {
    VerifiedCopies copies(lock_path);
    const auto file = copies.verify(read_plugin_file(plugin));
    copy = file.load_from;
    EXPECT_EQ(file.path, plugin);
    EXPECT_NE(copy.parent_path(), plugin.parent_path());
    EXPECT_EQ(sha256_of_file(copy), sha256_of_file(plugin));
    EXPECT_TRUE(std::filesystem::exists(copy.parent_path() / "libbeside.so"));
    struct stat status {};
    ASSERT_EQ(::stat(copy.parent_path().parent_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    // What comes to lie at the old place from now on has no say.
    std::filesystem::copy_file(beside("evil"), library, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::remove(plugin);
    const auto opened = open_plugin(file, nullptr);
    EXPECT_EQ(opened.path(), plugin);
    EXPECT_TRUE(marker.code_has_run());
  }
  EXPECT_FALSE(std::filesystem::exists(copy.parent_path().parent_path()));
}

TEST_F(Locked, RefusesAPluginThatWasModified) {
  append(plugin);
  EXPECT_THAT(open(), AllOf(HasSubstr("not the file that the lock names"), HasSubstr(sha256_of_file(plugin)),
                            HasSubstr("first.lock")));
}

TEST_F(Locked, RefusesAPluginThatWasSwappedAfterItWasChecked) {
  const auto checked = read_plugin_file(plugin);
  std::filesystem::copy_file(fixture("good"), plugin, std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(open(checked), HasSubstr("not the file that the lock names"));
}

TEST_F(Locked, RefusesAPluginWhoseManifestWasCheckedInAnotherFile) {
  auto checked = read_plugin_file(plugin);
  checked.manifest_crc32 ^= 1;
  EXPECT_THAT(open(checked), HasSubstr("replaced after the experiment was checked"));
}

TEST_F(Locked, RefusesASymbolicLink) {
  std::filesystem::rename(plugin, folder / "elsewhere.so");
  std::filesystem::create_symlink(folder / "elsewhere.so", plugin);
  EXPECT_THAT(open(), HasSubstr("is a symbolic link"));
}

TEST_F(Locked, RefusesWhatAnyoneMayWriteOrReplace) {
  ::chmod(plugin.c_str(), 0757);
  EXPECT_THAT(open(), HasSubstr("anyone can write `" + plugin.string()));
  ::chmod(plugin.c_str(), 0755);
  ::chmod(home.c_str(), 0777);
  EXPECT_THAT(open(), HasSubstr("anyone can write `" + home.string() + "`"));
  ::chmod(home.c_str(), 01777);  // as /tmp: only the owner of a file may replace it
  ::chmod(library.c_str(), 0757);
  EXPECT_THAT(open(), HasSubstr("anyone can write `" + library.string()));
  ::chmod(library.c_str(), 0755);
  EXPECT_EQ(open(), "");
}

TEST_F(Locked, RefusesWhatLdLibraryPathWouldPutInFront) {
  ::setenv("LD_LIBRARY_PATH", ("/nowhere:" + beside("evil").parent_path().string()).c_str(), 1);
  EXPECT_THAT(open(), HasSubstr("LD_LIBRARY_PATH would make it load `" + beside("evil").string()));
  ::setenv("LD_LIBRARY_PATH", "/lib:/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu", 1);
  EXPECT_EQ(open(), "");
}

TEST_F(Locked, RefusesALibraryOfThePluginThatWasModifiedOrIsMissing) {
  append(library);
  EXPECT_THAT(open(), HasSubstr("`" + library.string() + "` is not the file that the lock names"));
  std::filesystem::remove(library);
  EXPECT_THAT(open(), HasSubstr("is missing"));
}

TEST_F(Locked, RefusesALibraryThatTheLockDoesNotName) {
  auto lock = read_lock(lock_path);
  lock.plugins.front().libraries.clear();
  std::ofstream(lock_path) << to_toml(lock);
  EXPECT_THAT(open(), HasSubstr("its libraries are not those that the lock names"));
}

TEST_F(Locked, RefusesASecondLibraryOfTheSameName) {
  const auto other = folder / "others";
  std::filesystem::create_directory(other);
  auto bytes = read_bytes(plugin);
  std::filesystem::copy_file(beside("evil"), other / "libbeside.so");
  write_bytes(other / "mine.so", bytes);
  auto lock = read_lock(lock_path);
  auto second = lock.plugins.front();
  second.kind = PluginKind::logger;
  second.libraries.front().sha256 = sha256_of_file(other / "libbeside.so");
  lock.plugins.push_back(second);
  std::ofstream(lock_path) << to_toml(lock);
  auto file = read_plugin_file(other / "mine.so");
  file.manifest.kind = PluginKind::logger;
  VerifiedCopies copies(lock_path);
  copies.verify(read_plugin_file(plugin));
  try {
    copies.verify(file);
    FAIL();
  } catch (const PluginRefused& refused) {
    EXPECT_THAT(refused.what(), HasSubstr("another plugin brings a different `libbeside.so`"));
  }
}

TEST_F(Locked, RefusesALibraryThatTheLockPutsElsewhere) {
  for (const auto* name : {"../libbeside.so", "/libbeside.so", ""}) {
    auto lock = read_lock(lock_path);
    lock.plugins.front().libraries.front().name = name;
    std::ofstream(folder / "bad.lock") << to_toml(lock);
    VerifiedCopies copies(folder / "bad.lock");
    try {
      copies.verify(read_plugin_file(plugin));
      FAIL() << name;
    } catch (const PluginRefused& refused) {
      EXPECT_THAT(refused.what(), HasSubstr("lies outside of its folder"));
    }
  }
}

TEST_F(Locked, RefusesAPluginThatIsNotInTheLock) {
  const auto other = read_plugin_file(fixture("throws_in_create"));
  EXPECT_THAT(open(other), HasSubstr("does not name the precision `throws_in_create`"));
}

TEST_F(Locked, RefusesAnotherHostOrLibTorch) {
  const VerifiedCopies copies(lock_path);
  const auto message = [&](const binade_build_block& block, const std::string& version) -> std::string {
    try {
      copies.require_host(block, version);
      return "";
    } catch (const PluginRefused& refused) {
      EXPECT_EQ(refused.code(), "E0313");
      return refused.what();
    }
  };
  EXPECT_EQ(message(engine(), "1.0.0"), "");
  EXPECT_THAT(message(engine(), "1.0.1"), HasSubstr("lock: 1.0.0\nhere: 1.0.1"));
  auto block = engine();
  block.torch_version[0] = '3';
  EXPECT_THAT(message(block, "1.0.0"), HasSubstr("lock: 2.11.0\nhere: 3.11.0"));
  block = engine();
  block.c10_build_id[0] = '0';
  EXPECT_THAT(message(block, "1.0.0"), HasSubstr("build-id of libc10"));
  block = engine();
  block.torch_cpu_build_id[0] = '0';
  EXPECT_THAT(message(block, "1.0.0"), HasSubstr("build-id of libtorch_cpu"));
}

TEST_F(Locked, CannotLockAPluginThatLooksForLibrariesAtAFixedPlace) {
  auto lock = make_lock(engine(), "1.0.0");
  try {
    add(lock, read_plugin_file(fixture("locked/with_library_by_path")));
    FAIL();
  } catch (const PluginRefused& refused) {
    EXPECT_THAT(refused.what(), AllOf(HasSubstr("which is not copied with the plugin"), HasSubstr("$ORIGIN")));
  }
}

// A plugin that looks for its libraries in a folder at a fixed place.
class LockedElsewhere : public testing::Test {
 protected:
  LockedElsewhere() {
    for (const auto& made : {home, elsewhere}) std::filesystem::create_directory(made);
  }
  ~LockedElsewhere() override { ::unsetenv("LD_LIBRARY_PATH"); }

  // The fixture, with `place` where it looks. Links to $ORIGIN stay.
  std::filesystem::path looking_in(const std::string& fixture_name, const std::filesystem::path& place) const {
    auto bytes = read_bytes(fixture("locked/" + fixture_name));
    const std::string part = "/placeholder";
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto begin = text.find(part + part);
    const auto end = text.find('\0', begin);
    EXPECT_LT(place.string().size(), end - begin);
    std::memset(bytes.data() + begin, 0, end - begin);
    std::memcpy(bytes.data() + begin, place.c_str(), place.string().size());
    const auto path = home / (fixture_name + ".so");
    write_bytes(path, bytes);
    ::chmod(path.c_str(), 0755);
    return path;
  }
  static void put(const std::string& library, const std::filesystem::path& folder) {
    std::filesystem::copy_file(fixture("locked/with_library").parent_path() / library,
                               folder / std::filesystem::path(library).filename());
  }
  static std::string refusal(const std::filesystem::path& plugin) {
    auto lock = make_lock(read_build_block(fixture("build_block")).value(), "1.0.0");
    try {
      add(lock, read_plugin_file(plugin));
      return "";
    } catch (const PluginRefused& refused) {
      EXPECT_EQ(refused.code(), "E0313");
      return refused.what();
    }
  }

  TemporaryFolder folder;
  std::filesystem::path home = folder / "plugins", elsewhere = folder / "elsewhere";
};

TEST_F(LockedElsewhere, ALibraryFromAFolderAtAFixedPlaceIsRefused) {
  const auto plugin = looking_in("with_library_elsewhere", elsewhere);
  put("libbeside.so", elsewhere);
  EXPECT_THAT(refusal(plugin), AllOf(HasSubstr("loads `" + (elsewhere / "libbeside.so").string() + "`"),
                                     HasSubstr("outside of its own folder"), HasSubstr("$ORIGIN")));
}

TEST_F(LockedElsewhere, ALibraryForThisKindOfCpuIsRefusedToo) {
  const auto plugin = looking_in("with_library_elsewhere", elsewhere);
  const auto part = elsewhere / "glibc-hwcaps" / "x86-64-v2";
  std::filesystem::create_directories(part);
  put("libbeside.so", part);
  EXPECT_THAT(refusal(plugin), HasSubstr("loads `" + (part / "libbeside.so").string() + "`"));
}

TEST_F(LockedElsewhere, APlaceWhereOthersMayPutALibraryIsRefusedBeforeTheyDo) {
  const auto plugin = looking_in("with_library_elsewhere", elsewhere / "not" / "there");
  EXPECT_EQ(refusal(plugin), "") << "only this user may make it";
  ::chmod(elsewhere.c_str(), 0777);
  EXPECT_THAT(refusal(plugin), HasSubstr("others can write `" + elsewhere.string() + "`"));
  ::chmod(elsewhere.c_str(), 01777);
  EXPECT_THAT(refusal(plugin), HasSubstr("others can write `" + elsewhere.string() + "`")) << "sticky, and not there";
  std::filesystem::create_directories(elsewhere / "not" / "there");
  EXPECT_EQ(refusal(plugin), "") << "sticky, so nobody else may exchange what is there";
}

TEST_F(LockedElsewhere, ALibraryBehindItsOwnIsFoundByItsRpathAndRefused) {
  const auto plugin = looking_in("with_rpath", elsewhere);
  put("libmiddle.so", home);
  put("libbeside.so", elsewhere);
  EXPECT_THAT(refusal(plugin), HasSubstr("loads `" + (elsewhere / "libbeside.so").string() + "`"));
  std::filesystem::rename(elsewhere / "libbeside.so", home / "libbeside.so");
  auto lock = make_lock(read_build_block(fixture("build_block")).value(), "1.0.0");
  add(lock, read_plugin_file(plugin));
  ASSERT_EQ(lock.plugins.front().libraries.size(), 2u) << "both beside it are its own";
  std::ofstream(folder / "both.lock") << to_toml(lock);
  VerifiedCopies copies(folder / "both.lock");
  EXPECT_EQ(open_plugin(copies.verify(read_plugin_file(plugin)), nullptr).id(), "good");
}

TEST_F(LockedElsewhere, AFolderAboveItsOwnOrALinkOutOfItIsRefused) {
  const auto plugin = looking_in("with_library_elsewhere", "$ORIGIN/../elsewhere");
  put("libbeside.so", elsewhere);
  EXPECT_THAT(refusal(plugin), HasSubstr("outside of its own folder"));
  const auto linked = looking_in("with_library_elsewhere", "$ORIGIN");
  std::filesystem::create_symlink(elsewhere / "libbeside.so", home / "libbeside.so");
  EXPECT_THAT(refusal(linked), HasSubstr("is a link to"));
  EXPECT_THAT(refusal(looking_in("with_library_elsewhere", "/usr/$LIB")), HasSubstr("$LIB"));
}

TEST_F(LockedElsewhere, AFolderOfLdLibraryPathInWhichOthersMayWriteIsRefused) {
  const auto plugin = looking_in("with_library_elsewhere", "$ORIGIN");
  put("libbeside.so", home);
  auto lock = make_lock(read_build_block(fixture("build_block")).value(), "1.0.0");
  add(lock, read_plugin_file(plugin));
  std::ofstream(folder / "one.lock") << to_toml(lock);
  const auto verify = [&]() -> std::string {
    try {
      VerifiedCopies(folder / "one.lock").verify(read_plugin_file(plugin));
      return "";
    } catch (const PluginRefused& refused) {
      return refused.what();
    }
  };
  EXPECT_EQ(verify(), "");
  ::setenv("LD_LIBRARY_PATH", elsewhere.c_str(), 1);
  EXPECT_EQ(verify(), "");
  ::chmod(elsewhere.c_str(), 0777);
  EXPECT_THAT(verify(), HasSubstr("others can write `" + elsewhere.string() + "`"));
}

}  // namespace
}  // namespace binade::host
