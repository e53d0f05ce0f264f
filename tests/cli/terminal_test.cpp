// Output to a terminal: the program's own colours, and no control character from outside.
#include "host/cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "binade/abi/plugin.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view hostile = "a\033[2Jb";
const std::string whole_hostile =
    std::string("a\033[2Jb\nerror: forged\rc") + '\0' + "d\u009B31me\u202Ef\xFFg\u2028h\x7F";

// `print` writes to standard output or error.
template <class Print>
std::string printed(Print print, bool errors = false) {
  if (errors) testing::internal::CaptureStderr();
  if (!errors) testing::internal::CaptureStdout();
  print();
  std::fflush(errors ? stderr : stdout);
  return errors ? testing::internal::GetCapturedStderr() : testing::internal::GetCapturedStdout();
}

TEST(Printable, EscapesAllThatSteersATerminalOrEndsALine) {
  EXPECT_EQ(printable(whole_hostile),
            "a\\u001b[2Jb\\nerror: forged\\rc\\u0000d\\u009b31me\\u202ef\\xffg\\u2028h\\u007f");
  EXPECT_EQ(printable("\t\u061C\u200E\u200F\u2066\u2069\uFEFF\uFDD0"),
            "\\t\\u061c\\u200e\\u200f\\u2066\\u2069\\ufeff\\ufdd0");
  for (const std::string_view broken :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xF0\x80\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    std::string escaped;
    for (const char c : broken) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    EXPECT_EQ(printable(broken), escaped) << "no valid UTF-8";
  }
}

TEST(Printable, LeavesTextAsItIs) {
  for (const std::string_view text :
       {"", "plain", "C:\\n", "\"quoted\"", "grüße", "日本語", "🙂👩‍👩‍👧", "مرحبا"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable_lines(text), text);
  }
  EXPECT_EQ(printable_lines("two\nlines\r\n"), "two\nlines\\r\n");
}

TEST(Show, EscapesEachArgumentAndKeepsTheFormatsLines) {
  EXPECT_EQ(printed([] { show("name {:>4}: {}\n", 7, hostile); }), "name    7: a\\u001b[2Jb\n");
  const std::string name = "two\nlines";
  EXPECT_EQ(printed([&] { show("{}|{}\n", name, Lines{name}); }), "two\\nlines|two\nlines\n");
  EXPECT_EQ(printed([] { show(stderr, "{}\n", std::string("\033[1m")); }, true), "\\u001b[1m\n");
}

TEST(Show, ColoursWhatThePaintColoursAndNothingElse) {
  const Paint paint(true), plain(false);
  EXPECT_EQ(printed([&] { show("{} {}\n", paint.red("no\033[0m"), fmt::format("{:>3}", paint.bold("x"))); }),
            "\033[1;31mno\\u001b[0m\033[0m \033[1mx\033[0m\n");
  EXPECT_EQ(printed([&] { show("{}\n", plain.red("no")); }), "no\n");
  const auto cut = paint.red("cut").substr(0, 5);
  EXPECT_THAT(printed([&] { show("{}\n", cut); }), Not(HasSubstr("\033")));
}

TEST(LogLine, IsOneMessageWhateverItsTextSays) {
  const auto text = printed([] { log_line(ColorMode::never, BINADE_LOG_WARNING, whole_hostile); }, true);
  EXPECT_THAT(text, testing::StartsWith("warning: a\\u001b[2Jb\n  error: forged\\rc\\u0000d"));
  EXPECT_THAT(text, testing::EndsWith("h\\u007f\n"));
  EXPECT_EQ(shown_message("first\nsecond\n  third\n\nfourth\n"), "first\n  second\n  third\n\n  fourth");
}

TEST(Sinks, AreTheOnlyWayToTheTerminal) {
  static const std::regex direct(
      R"((fmt::print|fmt::vprint|std::cout|std::cerr|std::clog|\bf?puts\(|\bf?printf\(|\bputchar\(|\bperror\())");
  std::vector<std::string> found;
  int looked_at = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(BINADE_SOURCE_DIR) / "host")) {
    const auto name = entry.path().filename().string();
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    ++looked_at;
    // terminal is the sink; export streams a record that may be larger than memory, and escapes its labels.
    if (name == "terminal.cpp" || name == "terminal.h" || name == "export.cpp") continue;
    const auto text = contents(entry.path());
    if (std::regex_search(text, direct)) found.push_back(name);
  }
  EXPECT_GT(looked_at, 100);
  EXPECT_THAT(found, IsEmpty()) << "use show() or log_line()";
}

}  // namespace
}  // namespace binade::host
