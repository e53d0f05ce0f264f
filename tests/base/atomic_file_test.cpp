#include "host/base/atomic_file.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "tests/support/failing_calls.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void write_whole(const std::filesystem::path& path, const std::string& text) {
  AtomicFile file(path);
  for (const char letter : text) file.write(&letter, 1);
  file.commit();
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write("new", 3);
    EXPECT_FALSE(std::filesystem::exists(folder / "a"));
    file.commit();
    EXPECT_EQ(contents(folder / "a"), "new");
  }
  EXPECT_THAT(folder.names(), ElementsAre("a"));
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  { AtomicFile(folder / "a").write("new", 3); }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(AtomicFile, ReplacesAnOlderFile) {
  const TemporaryFolder folder;
  write_whole(folder / "a", "a long old text");
  write_whole(folder / "a", "new");
  EXPECT_EQ(contents(folder / "a"), "new");
}

TEST(AtomicFile, TwoWritersOfOneFileDoNotMix) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write("first", 5);
  second.write("second", 6);
  first.commit();
  EXPECT_EQ(contents(folder / "a"), "first");
  second.commit();
  EXPECT_EQ(contents(folder / "a"), "second");
}

TEST(AtomicFile, NamesTheFileThatCannotBeMade) {
  const TemporaryFolder folder;
  try {
    AtomicFile file(folder / "missing/a");
    FAIL() << "made";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("missing/a"));
  }
}

TEST(AtomicFile, WhatAKillLeavesIsRemovedAndNothingElse) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    AtomicFile file(folder / "killed.json");
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  ASSERT_EQ(folder.names().size(), 1u);
  const std::vector<std::string> others{".1-2.tmp",   "a.1-.tmp",  "a.-1.tmp",   "a.tmp",  "a.1-2.tmp.json",
                                        "a.x1-2.tmp", "a.1_2.tmp", "a.1-2.tmpx", "1-2.tmp"};
  for (const auto& name : others) std::ofstream(folder / name) << "mine";
  std::filesystem::create_directory(folder / "folder.1-2.tmp");
  std::filesystem::create_symlink("a.tmp", folder / "link.1-2.tmp");
  remove_unfinished_files(folder.path());
  auto left = others;
  left.insert(left.end(), {"folder.1-2.tmp", "link.1-2.tmp"});
  EXPECT_THAT(folder.names(), testing::UnorderedElementsAreArray(left));
  remove_unfinished_files(folder / "missing");
}

// Makes each call fail once: afterwards the old or the new file must be complete, and nothing else left behind.
TEST(AtomicFile, KeepsTheOlderFileWhicheverCallFails) {
  for (const std::string call : {"write", "fsync", "rename"}) {
    for (const int error : {EIO, ENOSPC, EDQUOT}) {
      for (int at = 1;; ++at) {
        const TemporaryFolder folder;
        write_whole(folder / "a", "old");
        plan_fault({call, at, false, Fault::error, error});
        bool failed = false;
        try {
          write_whole(folder / "a", "new!");
        } catch (const std::system_error& exception) {
          failed = true;
          EXPECT_EQ(exception.code().value(), error);
          EXPECT_THAT(exception.what(), HasSubstr(folder.path().string()));
        }
        plan_fault({});
        const bool in_place = !failed || (call == "fsync" && at == 2);  // the second one is the folder's
        EXPECT_EQ(contents(folder / "a"), in_place ? "new!" : "old") << call << " " << at;
        EXPECT_THAT(folder.names(), ElementsAre("a")) << call << " " << at;
        if (!failed) {
          EXPECT_EQ(at - 1, call == "write" ? 4 : call == "fsync" ? 2 : 1) << call;
          break;
        }
      }
    }
  }
}

TEST(AtomicFile, ContinuesAfterInterruptionsAndShortWrites) {
  const TemporaryFolder folder;
  const std::string text(1000, 'x');
  const auto write_at_once = [&] {
    AtomicFile file(folder / "a");
    file.write(text.data(), text.size());
    file.commit();
  };
  for (const std::string call : {"write", "fsync"}) {
    plan_fault({call, 1, false, Fault::error, EINTR});
    EXPECT_NO_THROW(write_at_once()) << call;
    EXPECT_GE(plan_fault({}), 2) << call;
    EXPECT_EQ(contents(folder / "a"), text);
  }
  plan_fault({"write", 1, true, Fault::short_write, 0});
  EXPECT_NO_THROW(write_at_once());
  EXPECT_GE(plan_fault({}), 10);
  EXPECT_EQ(contents(folder / "a"), text);
}

}  // namespace
}  // namespace binade::host
