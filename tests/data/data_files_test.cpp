// Which files are hashed, and when cached hashes are used.
#include "host/data/fingerprint/data_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "host/data/fingerprint/file_hashing.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class DataFilesTest : public testing::Test {
 protected:
  // The data files of a dataset with these `paths`, relative to the folder.
  std::vector<std::string> found(const std::vector<std::string>& paths) {
    OptionSpec spec, other;
    spec.name = "paths";
    spec.type = OptionType::path;
    spec.array = true;
    other.name = "label";
    std::vector<Scalar> values;
    for (const auto& path : paths) values.emplace_back((folder_ / path).string());
    OptionTable options;
    options.add({&spec, values, Origin::file, {}});
    options.add({&other, {Scalar((folder_ / "a.txt").string())}, Origin::file, {}});
    std::vector<std::string> files;
    for (const auto& group : data_files(options, folder_ / "runs")) {
      for (const auto& file : group.files) files.push_back(file.lexically_relative(folder_.path()).string());
    }
    return files;
  }

  TemporaryFolder folder_;
};

TEST_F(DataFilesTest, AreFilesFoldersAndGlobs) {
  for (const char* name : {"a.txt", "b.bin", "one/c.txt", "one/two/d.txt", ".hidden", "one/.git/e.txt", "runs/f.txt"}) {
    write(folder_ / name, name);
  }
  EXPECT_THAT(found({"a.txt"}), ElementsAre("a.txt"));
  EXPECT_THAT(found({"one/../b.bin", "a.txt"}), ElementsAre("b.bin", "a.txt"));
  EXPECT_THAT(found({"one"}), ElementsAre("one/c.txt", "one/two/d.txt"));
  EXPECT_THAT(found({"."}), ElementsAre("a.txt", "b.bin", "one/c.txt", "one/two/d.txt"));
  EXPECT_THAT(found({"*.txt"}), ElementsAre("a.txt"));
  EXPECT_THAT(found({"**/*.txt"}), ElementsAre("a.txt", "one/c.txt", "one/two/d.txt"));
  EXPECT_THAT(found({"o?e/[cd].txt"}), ElementsAre("one/c.txt"));
  EXPECT_THAT(found({"one/**"}), ElementsAre("one/c.txt", "one/two/d.txt"));
  EXPECT_THAT(found({"missing", "missing/*"}), IsEmpty());
}

TEST_F(DataFilesTest, AreRegularFilesAndLinksToThem) {
  write(folder_ / "data/a.txt", "a");
  write(folder_ / "elsewhere/b.txt", "b");
  fs::create_symlink(folder_ / "elsewhere/b.txt", folder_ / "data/b.txt");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "data/folder");
  fs::create_directory_symlink(folder_ / "data", folder_ / "data/itself");
  fs::create_symlink("loop", folder_ / "data/loop");
  ASSERT_EQ(mkfifo((folder_ / "data/pipe").c_str(), 0600), 0);
  EXPECT_THAT(found({"data"}), ElementsAre("data/a.txt", "data/b.txt"));
  EXPECT_THAT(found({"data/**/*.txt"}), ElementsAre("data/a.txt", "data/b.txt"));
  EXPECT_THAT(found({"data/pipe", "data/loop", "data/loop/*"}), IsEmpty());
}

// --- their hashes ---

constexpr const char* hash_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class FileHashingTest : public testing::Test {
 protected:
  FileHashingTest() { plan_.cache = folder_ / "cache"; }

  std::vector<DataFiles> group(const std::vector<std::string>& names) const {
    DataFiles group{folder_ / "data", {}};
    for (const auto& name : names) group.files.push_back(folder_ / "data" / name);
    return {group};
  }
  // Of data/a, and how many bytes of it were read.
  HashedFile hashed(std::uint64_t* read = nullptr) {
    FileHashing hashing(group({"a"}), plan_);
    auto results = hashing.results();
    if (read != nullptr) *read = hashing.bytes_read();
    return results.at(0);
  }
  // Edits a file and restores its modification time, but not within the same tick of the file system's clock.
  static void edit_in_place(const fs::path& path, const std::string& text) {
    struct stat before {
    }, after{};
    ASSERT_EQ(stat(path.c_str(), &before), 0);
    do {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file << text;
      file.close();
      const timespec times[] = {before.st_atim, before.st_mtim};
      ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
      ASSERT_EQ(stat(path.c_str(), &after), 0);
    } while (identity_of(before) == identity_of(after));
    ASSERT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  }

  TemporaryFolder folder_;
  // Caches every file immediately, on any file system.
  FileHashingPlan plan_{.cached_from = 0, .settled = std::chrono::seconds(0), .any_file_system = true};
};

TEST_F(FileHashingTest, AreThoseOfSha256sum) {
  write(folder_ / "data/a", "abc");
  write(folder_ / "data/b", std::string(5'000'000, 'x'));
  write(folder_ / "data/c", "");
  FileHashing hashing(group({"a", "b", "c", "a"}), plan_);
  while (!hashing.wait_for(std::chrono::milliseconds(10))) {
  }
  EXPECT_EQ(hashing.bytes(), 5'000'003u);
  EXPECT_EQ(hashing.bytes_done(), 5'000'003u);
  const auto results = hashing.results();
  ASSERT_THAT(results, SizeIs(3)) << "each once";
  EXPECT_EQ(results[0].sha256, hash_of_abc);
  EXPECT_EQ(results[0].bytes, 3u);
  EXPECT_EQ(results[1].sha256, "03a7bd518f3e4ecac11f2e77f7437928ba5d80ac0b2b26a523d90e7628bfd59b");
  EXPECT_EQ(results[2].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(FileHashingTest, AreReadOnceAndThenLookedUp) {
  write(folder_ / "data/a", "abc");
  std::uint64_t read = 0;
  EXPECT_EQ(hashed(&read).sha256, hash_of_abc);
  EXPECT_EQ(read, 3u);
  EXPECT_EQ(hashed(&read).sha256, hash_of_abc);
  EXPECT_EQ(read, 0u);
}

TEST_F(FileHashingTest, AreNotLookedUpForAFileThatWasEditedInPlaceWithItsTimeSetBack) {
  write(folder_ / "data/a", "xbc");
  const auto before = hashed();
  edit_in_place(folder_ / "data/a", "abc");
  std::uint64_t read = 0;
  EXPECT_EQ(hashed(&read).sha256, hash_of_abc);
  EXPECT_EQ(read, 3u);
  EXPECT_NE(before.sha256, hash_of_abc);
}

TEST_F(FileHashingTest, AreNotLookedUpForAFileInTheOthersPlace) {
  write(folder_ / "data/a", "xbc");
  hashed();
  write(folder_ / "data/b", "abc");
  struct stat before {};
  ASSERT_EQ(stat((folder_ / "data/a").c_str(), &before), 0);
  fs::rename(folder_ / "data/b", folder_ / "data/a");
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder_ / "data/a").c_str(), times, 0), 0);
  EXPECT_EQ(hashed().sha256, hash_of_abc);
}

TEST_F(FileHashingTest, AreKeptOnlyOfWhatHasSettled) {
  plan_.settled = std::chrono::seconds(3600);
  write(folder_ / "data/a", "abc");
  std::uint64_t read = 0;
  hashed();
  hashed(&read);
  EXPECT_EQ(read, 3u);
}

TEST_F(FileHashingTest, AreKeptOnlyWhereTheFileSystemIsTrusted) {
  plan_.any_file_system = false;
  write(folder_ / "data/a", "abc");
  const TemporaryFolder memory(TemporaryFolder::in_memory());
  if (memory.path().string().rfind("/dev/shm", 0) != 0) GTEST_SKIP() << "there is no /dev/shm";
  write(memory / "a", "abc");
  for (int start = 0; start < 2; ++start) {
    FileHashing hashing({{memory.path(), {memory / "a"}}}, plan_);
    EXPECT_EQ(hashing.results().at(0).sha256, hash_of_abc);
    EXPECT_EQ(hashing.bytes_read(), 3u);
  }
}

TEST_F(FileHashingTest, AreNotKeptWhereThatIsNotWorthwhile) {
  plan_.cached_from = 4;
  write(folder_ / "data/a", "abc");
  hashed();
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

TEST_F(FileHashingTest, SurviveACacheThatIsBrokenOrCannotBeWritten) {
  write(folder_ / "data/a", "abc");
  hashed();
  for (const auto& entry : fs::directory_iterator(folder_ / "cache")) {
    auto text = contents(entry.path());
    write(entry.path(), "\n\0 nonsense\n" + text.substr(0, 30) + "\n" + text.substr(64));
  }
  std::uint64_t read = 0;
  EXPECT_EQ(hashed(&read).sha256, hash_of_abc);
  EXPECT_EQ(read, 3u);
  plan_.cache = folder_ / "data/a";
  EXPECT_EQ(hashed().sha256, hash_of_abc);
}

TEST_F(FileHashingTest, SayThatAFileChangedMeanwhile) {
  write(folder_ / "data/a", "abc");
  FileHashing hashing(group({"a"}), plan_);
  while (!hashing.wait_for(std::chrono::milliseconds(10))) {
  }
  edit_in_place(folder_ / "data/a", "xbc");  // after it was hashed, before the run began
  const auto result = hashing.results().at(0);
  EXPECT_EQ(result.problem, changed_meanwhile);
  EXPECT_THAT(result.sha256, IsEmpty());
  EXPECT_NE(hashed().sha256, hash_of_abc) << "and it is not looked up";
}

TEST_F(FileHashingTest, SayWhatCannotBeRead) {
  EXPECT_THAT(hashed().problem, testing::HasSubstr("cannot be read: No such file"));
}

TEST_F(FileHashingTest, EndAtOnceWhenTheyAreTold) {
  write(folder_ / "data/a", "");
  fs::resize_file(folder_ / "data/a", std::uint64_t{1} << 40);  // half an hour of zeros
  FileHashing hashing(group({"a"}), plan_);
  while (hashing.bytes_read() == 0) std::this_thread::yield();
  hashing.stop();
  const auto result = hashing.results().at(0);
  EXPECT_EQ(result.problem, not_hashed);
  EXPECT_LT(hashing.bytes_read(), std::uint64_t{1} << 40);
}

}  // namespace
}  // namespace binade::host
