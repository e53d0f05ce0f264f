#include "host/storage/run_directory.h"

#include <gmock/gmock.h>

#include <set>
#include <system_error>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(RunDirectory, IsNamedByMomentAndHash) {
  const TemporaryFolder folder;
  const RunDirectory run(folder.path(), "first-run", "steps = 5");
  EXPECT_THAT(run.run_id(), MatchesRegex("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"));
  EXPECT_EQ(run.path(), folder.path() / "first-run" / run.run_id());
  EXPECT_TRUE(std::filesystem::is_directory(run.path()));
}

TEST(RunDirectory, HasAPrefixInFrontOfTheMoment) {
  const TemporaryFolder folder;
  EXPECT_THAT(RunDirectory(folder.path(), "first-run", "steps = 5", "bench-").path().filename().string(),
              MatchesRegex("bench-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}"));
}

TEST(RunDirectory, IsNewForEveryRunOfOneSecond) {
  const TemporaryFolder folder;
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(RunDirectory(folder.path(), "run", "the same text").run_id());
  EXPECT_EQ(ids.size(), 50u);
}

TEST(RunDirectory, SortsAfterEveryRunThatIsThereWhateverTheClockSays) {
  const TemporaryFolder folder;
  const auto begin = [&] { return RunDirectory(folder.path(), "run", "").run_id(); };
  auto before = begin();
  for (int i = 0; i < 3; ++i) {  // within a second
    const auto next = begin();
    EXPECT_LT(before, next);
    before = next;
  }
  for (const char* name : {"29981231T235959Z-00000000", "29991399T000000Z-00000000", "bench-29991231T000000Z-00000000",
                           "29991231T000000-00000000", "zzz"}) {
    std::filesystem::create_directory(folder / "run" / name);
  }
  EXPECT_THAT(begin(), ::testing::StartsWith("29990101T000000Z-"));
  EXPECT_THAT(begin(), ::testing::StartsWith("29990101T000001Z-"));
}

TEST(RunDirectory, IsAbsoluteUnderARelativeRoot) {
  const TemporaryFolder folder;
  const auto relative = std::filesystem::relative(folder.path());
  const RunDirectory run(relative, "run", "");
  EXPECT_TRUE(run.path().is_absolute());
  EXPECT_TRUE(std::filesystem::equivalent(run.path().parent_path(), folder / "run"));
}

TEST(RunDirectory, RefusesNamesThatLeadElsewhere) {
  const TemporaryFolder folder;
  for (const auto* name : {"", ".", "..", "a/b", "../up"}) {
    EXPECT_THROW(RunDirectory(folder.path(), name, ""), std::invalid_argument) << name;
  }
}

TEST(RunDirectory, NamesTheFolderThatCannotBeMade) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "in the way";
  try {
    RunDirectory(folder / "file", "run", "");
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder / "file").string()));
  }
}

TEST(RunDirectory, WritesSmallFilesWhole) {
  const TemporaryFolder folder;
  const RunDirectory run(folder.path(), "run", "");
  run.write("resolved.toml", "steps = 5\n");
  run.write("resolved.toml", "steps = 6\n");
  EXPECT_EQ(contents(run.path() / "resolved.toml"), "steps = 6\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(run.path()), {}), 1);
  EXPECT_THROW(run.write("no/such/file", ""), std::system_error);
}

}  // namespace
}  // namespace binade::host
