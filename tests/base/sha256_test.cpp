#include "host/base/sha256.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::HasSubstr;

// The examples of FIPS 180-2.
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* of_a_million_a = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
constexpr const char* of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, GivesTheStandardsExamples) {
  EXPECT_EQ(Sha256().hex(), of_nothing);
  Sha256 abc;
  abc.update("a", 1);
  abc.update("bc", 2);
  EXPECT_EQ(abc.hex(), of_abc);
}

TEST(Sha256, HashesFilesOfAnySize) {
  const TemporaryFolder folder;
  std::ofstream(folder / "empty");
  std::ofstream(folder / "million") << std::string(1'000'000, 'a');
  EXPECT_EQ(sha256_of_file(folder / "empty"), of_nothing);
  EXPECT_EQ(sha256_of_file(folder / "million"), of_a_million_a);
}

TEST(Sha256, NamesTheFileThatCannotBeRead) {
  const TemporaryFolder folder;
  for (const auto& [name, cause] :
       {std::pair("missing", "No such file"), std::pair(".", "it is a folder, not a file")}) {
    try {
      sha256_of_file(folder / name);
      FAIL() << name;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr((folder / name).string()));
      EXPECT_THAT(error.what(), HasSubstr(cause));
    }
  }
}

}  // namespace
}  // namespace binade::host
