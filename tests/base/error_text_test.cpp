#include "host/base/error_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string text_of(const std::function<void()>& failing) {
  try {
    failing();
  } catch (const std::exception& error) {
    return error_text(error);
  }
  return "nothing was thrown";
}

const auto nowhere = std::filesystem::path("/nowhere/at all");

TEST(ErrorText, SaysWhatCouldNotBeDoneWithWhichFile) {
  namespace fs = std::filesystem;
  const std::string end = ": No such file or directory";
  EXPECT_EQ(text_of([] { static_cast<void>(fs::canonical(nowhere)); }), "cannot follow the path /nowhere/at all" + end);
  EXPECT_EQ(text_of([] { fs::directory_iterator entries(nowhere); }), "cannot read the folder /nowhere/at all" + end);
  EXPECT_EQ(text_of([] { fs::recursive_directory_iterator entries(nowhere); }),
            "cannot read the folder /nowhere/at all" + end);
  EXPECT_EQ(text_of([] { fs::rename(nowhere, "/nowhere/else"); }),
            "cannot rename /nowhere/at all and /nowhere/else" + end);
  EXPECT_EQ(text_of([] { fs::create_directories("/dev/null/folder"); }),
            "cannot create the folder /dev/null/folder: Not a directory");
}

TEST(ErrorText, NeverHasTheFormOfTheStandardLibrary) {
  namespace fs = std::filesystem;
  const auto code = std::make_error_code(std::errc::permission_denied);
  for (const char* operation : {"status", "cannot remove all", "temp_directory_path", "cannot get current path",
                                "cannot make absolute path", "something new"}) {
    const auto text = error_text(fs::filesystem_error(operation, "/a/file", code));
    EXPECT_THAT(text, AllOf(StartsWith("cannot "), HasSubstr("/a/file: Permission denied"),
                            Not(HasSubstr("filesystem error")), Not(HasSubstr("["))));
  }
}

TEST(ErrorText, ExplainsAThreadThatDoesNotStart) {
  const std::system_error of_a_thread(std::make_error_code(std::errc::resource_unavailable_try_again));
  EXPECT_THAT(error_text(of_a_thread), AllOf(HasSubstr("a thread cannot be started"), HasSubstr("ulimit -v")));
  const std::system_error of_a_file(EAGAIN, std::generic_category(), "cannot lock /a/file");
  EXPECT_EQ(error_text(of_a_file), "cannot lock /a/file: Resource temporarily unavailable");
}

TEST(ErrorText, HidesTheJsonLibrary) {
  const auto text = text_of([] { const auto parsed = nlohmann::json::parse("step 1"); });
  EXPECT_THAT(text, AllOf(HasSubstr("JSON"), Not(HasSubstr("json.exception")), Not(StartsWith("["))));
  EXPECT_THAT(text_of([] { static_cast<void>(nlohmann::json::object().at("time")); }), Not(HasSubstr("exception")));
}

TEST(ErrorText, SaysThatMemoryIsUsedUp) {
  EXPECT_EQ(error_text(std::bad_alloc()), "out of memory");
  EXPECT_EQ(error_text(std::bad_array_new_length()), "out of memory");
}

TEST(ErrorText, LeavesOtherWordsAsTheyAre) {
  EXPECT_EQ(error_text(std::runtime_error("the disk is full")), "the disk is full");
  EXPECT_THAT(error_text(std::runtime_error("")), Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace binade::host
