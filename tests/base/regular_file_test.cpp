// What is opened, and how messages name other kinds of files. An alarm ends a call that blocks.
#include "host/base/regular_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "tests/base/special_files.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::HasSubstr;

class RegularFiles : public ::testing::Test {
 protected:
  std::filesystem::path in(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
};

TEST_F(RegularFiles, AFileIsOpenedAndItsSizeIsKnown) {
  std::ofstream(in("file")) << "twelve bytes";
  std::filesystem::create_symlink(in("file"), in("link"));
  for (const auto* name : {"file", "link"}) {
    const auto file = open_to_read(in(name));
    ASSERT_TRUE(file.descriptor) << file.reason;
    EXPECT_EQ(file.size, 12u);
    EXPECT_EQ(file.error, 0);
    EXPECT_NE(::fcntl(file.descriptor.number(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST_F(RegularFiles, WhatIsNotAFileIsCalledByItsNameAndNotOpened) {
  for (const auto& [path, word] : binade::testing::special_files(in(""))) {
    for (const auto& named : {path, in("link-to-" + path.filename().string())}) {
      if (named != path) std::filesystem::create_symlink(path, named);
      const auto file = open_to_read(named);
      EXPECT_FALSE(file.descriptor);
      EXPECT_EQ(file.reason, word) << named;
      EXPECT_EQ(file.error, EINVAL);
      EXPECT_THROW(require_to_read(named), std::runtime_error);
    }
    for (const int flags : {0, O_CREAT, O_APPEND, O_TRUNC}) {
      const auto file = open_to_write(path, flags);
      EXPECT_FALSE(file.descriptor);
      EXPECT_EQ(file.reason, word) << path << flags;
    }
  }
}

TEST_F(RegularFiles, WhatIsNotThereIsCalledSo) {
  const auto file = open_to_read(in("nothing"));
  EXPECT_FALSE(file.descriptor);
  EXPECT_EQ(file.error, ENOENT);
  EXPECT_THAT(file.reason, HasSubstr("No such file"));
  std::filesystem::create_symlink("nowhere", in("dangling"));
  EXPECT_EQ(open_to_read(in("dangling")).error, ENOENT);
  EXPECT_EQ(open_to_write(in("nothing"), 0).error, ENOENT);
  EXPECT_TRUE(open_to_write(in("nothing"), O_CREAT).descriptor);
}

TEST_F(RegularFiles, NothingIsWrittenThroughALink) {
  std::ofstream(in("theirs")) << "theirs";
  std::filesystem::create_symlink(in("theirs"), in("link"));
  std::filesystem::create_symlink(in("new"), in("dangling"));
  for (const auto* name : {"link", "dangling"}) {
    const auto file = open_to_write(in(name), O_CREAT | O_TRUNC);
    EXPECT_FALSE(file.descriptor);
    EXPECT_THAT(file.reason, HasSubstr("symbolic link"));
  }
  EXPECT_EQ(contents(in("theirs")), "theirs");
  EXPECT_FALSE(std::filesystem::exists(in("new")));
  EXPECT_TRUE(open_to_write(in("theirs"), O_APPEND).descriptor) << "the file itself";
}

}  // namespace
}  // namespace binade::host
