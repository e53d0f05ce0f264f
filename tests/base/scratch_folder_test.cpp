// Temporary folders.
#include "host/base/scratch_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <system_error>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

TEST(ScratchFolder, IsPrivateAndGoneWithItsContentAtTheEnd) {
  std::filesystem::path path;
  {
    const ScratchFolder folder("test");
    path = folder.path();
    EXPECT_TRUE(path.filename().string().starts_with("binade-test-")) << path;
    std::filesystem::create_directories(path / "below");
    std::ofstream(path / "below/file") << "x";
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    EXPECT_NE(ScratchFolder("test").path(), path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFolder, ThatCannotBeMadeIsNamed) {
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  const TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  std::string message;
  try {
    make_scratch_folder("no/such");
  } catch (const std::system_error& error) {
    message = error.what();
  }
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
  EXPECT_NE(message.find((folder / "binade-no/such-").string()), std::string::npos) << message;
}

}  // namespace
}  // namespace binade::host
