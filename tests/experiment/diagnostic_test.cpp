// How diagnostics are rendered.
#include "host/experiment/diagnostics/diagnostic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "host/experiment/diagnostics/diagnostic_pages.h"

namespace binade::host {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Location at(const std::string& source, std::uint32_t line, std::uint32_t column, std::uint32_t length) {
  return {source, line, column, length};
}

Diagnostics weight_decay_mistake() {
  Diagnostics diagnostics;
  diagnostics.add_source("mlp.toml", std::string(13, '\n') + "weigth_decay = 0.1\n");
  diagnostics.add({"E0103",
                   "unknown key `weigth_decay` in [optimizer]",
                   at("mlp.toml", 14, 1, 12),
                   "did you mean `weight_decay`?",
                   {"valid keys: betas, eps, lr, name, weight_decay"}});
  return diagnostics;
}

TEST(Rendering, LooksLikeTheTarget) {
  EXPECT_EQ(weight_decay_mistake().render(false),
            "error[E0103]: unknown key `weigth_decay` in [optimizer]\n"
            "  --> mlp.toml:14:1\n"
            "14 | weigth_decay = 0.1\n"
            "   | ^^^^^^^^^^^^ did you mean `weight_decay`?\n"
            "   = valid keys: betas, eps, lr, name, weight_decay\n"
            "\n"
            "error: 1 mistake in mlp.toml\n");
}

TEST(Rendering, ShowsAnOverrideWithWhatItReplaces) {
  Diagnostics diagnostics;
  diagnostics.add_remark("--set train.steps=0", "overrides mlp.toml:9, which said 500");
  diagnostics.add(
      {"E0117", "`train.steps` must be in 1..=1000000000, got 0", at("--set train.steps=0", 0, 0, 1), "", {}});
  EXPECT_EQ(diagnostics.render(false),
            "error[E0117]: `train.steps` must be in 1..=1000000000, got 0\n"
            "  --> --set train.steps=0 (overrides mlp.toml:9, which said 500)\n"
            "\n"
            "error: 1 mistake in the overrides\n");
}

TEST(Rendering, ColoursOnDemandOnly) {
  EXPECT_THAT(weight_decay_mistake().render(false), Not(HasSubstr("\033")));
  const auto colored = weight_decay_mistake().render(true);
  EXPECT_THAT(colored, StartsWith("\033[1;31merror[E0103]\033[0m"));
  EXPECT_THAT(colored, HasSubstr("\033[1;34m14 |\033[0m weigth_decay"));
  EXPECT_EQ(std::regex_replace(colored, std::regex("\033\\[[0-9;]*m"), ""), weight_decay_mistake().render(false));
}

TEST(Rendering, OfNothingIsNothing) { EXPECT_EQ(Diagnostics().render(true), ""); }

TEST(Rendering, WidensTabsAboveAndBelow) {
  Diagnostics diagnostics;
  diagnostics.add_source("a", "\tx\t= 1\n");
  diagnostics.add({"E0103", "m", at("a", 1, 2, 1), "", {}});
  EXPECT_THAT(diagnostics.render(false), HasSubstr(" 1 |     x    = 1\n   |     ^\n"));
}

TEST(Rendering, CutsLongLinesAroundTheCaret) {
  Diagnostics diagnostics;
  diagnostics.add_source("a", "k = \"" + std::string(5000, 'a') + "HERE" + std::string(5000, 'b') + "\"\n");
  diagnostics.add({"E0103", "m", at("a", 1, 5006, 4), "", {}});
  const auto text = diagnostics.render(false);
  std::istringstream lines(text);
  std::string line, source, carets;
  while (std::getline(lines, line)) {
    EXPECT_LT(line.size(), 130U);
    if (line.starts_with(" 1 |")) source = line;
    if (line.starts_with("   | ")) carets = line;
  }
  EXPECT_EQ(source.find("HERE"), carets.find("^^^^"));
  EXPECT_THAT(source, HasSubstr("| ...aaa"));
  EXPECT_THAT(source, EndsWith("bbb..."));
}

TEST(Rendering, CountsCodePointsUnderTheCaret) {
  Diagnostics diagnostics;
  diagnostics.add_source("a", "a = [\"\xC3\xA9\xC3\xA9\", 7]\n");
  diagnostics.add({"E0103", "m", at("a", 1, 12, 1), "", {}});
  EXPECT_THAT(diagnostics.render(false), HasSubstr(" 1 | a = [\"\xC3\xA9\xC3\xA9\", 7]\n   |            ^\n"));
}

TEST(Rendering, LetsNoFileSteerTheTerminal) {
  Diagnostics diagnostics;
  diagnostics.add_source("a", "x = \"\033[2J\" \xFF \xC2\x9B\n");
  diagnostics.add({"E0103", "unknown key `\033]0;x\007`\n", at("a", 1, 1, 1), "\033", {"\033", "\xC2\x9B"}});
  const auto text = diagnostics.render(false);
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, Not(HasSubstr("\007")));
  EXPECT_THAT(text, Not(HasSubstr("\xFF")));
  EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
  EXPECT_THAT(text, HasSubstr("x = \"?[2J\" ? ?"));
}

TEST(Rendering, SurvivesPlacesThatAreNotInTheSource) {
  Diagnostics diagnostics;
  diagnostics.add_source("a", "x = 1");
  diagnostics.add({"E0103", "m", at("a", 99, 99, 99), "", {}});
  diagnostics.add({"E0103", "m", at("a", 1, 99, 4'000'000'000), "", {}});
  diagnostics.add({"E0103", "m", at("unknown", 1, 1, 1), "label", {}});
  EXPECT_THAT(diagnostics.render(false), HasSubstr("a:99:99"));
}

TEST(Rendering, OrdersByPlace) {
  Diagnostics diagnostics;
  diagnostics.add({"E0103", "override", at("--set a=1", 0, 0, 1), "", {}});
  diagnostics.add({"E0103", "third", at("a", 9, 2, 1), "", {}});
  diagnostics.add({"E0103", "second", at("a", 9, 1, 1), "", {}});
  diagnostics.add({"E0103", "first", at("a", 0, 0, 1), "", {}});
  const auto text = diagnostics.render(false);
  EXPECT_LT(text.find("first"), text.find("second"));
  EXPECT_LT(text.find("second"), text.find("third"));
  EXPECT_LT(text.find("third"), text.find("override"));
  EXPECT_THAT(text, EndsWith("\nerror: 4 mistakes in a and the overrides\n"));
}

TEST(Rendering, ShowsTwentyAndCountsTheRest) {
  Diagnostics diagnostics;
  for (std::uint32_t i = 1; i <= 23; ++i) diagnostics.add({"E0103", "m", at("a", i, 1, 1), "", {}});
  const auto text = diagnostics.render(false);
  EXPECT_THAT(text, HasSubstr("--> a:20:1"));
  EXPECT_THAT(text, Not(HasSubstr("--> a:21:1")));
  EXPECT_THAT(text, EndsWith("... and 3 more\n\nerror: 23 mistakes in a\n"));
}

TEST(Codes, AreUniqueAndHaveAMeaning) {
  std::set<std::string_view> codes;
  for (const auto& page : diagnostic_pages()) {
    EXPECT_TRUE(codes.insert(page.code).second) << page.code;
    EXPECT_FALSE(page.meaning.empty());
  }
}

TEST(Codes, OfTheSourcesStandInTheTable) {
  std::set<std::string> known;
  for (const auto& page : diagnostic_pages()) known.emplace(page.code);
  const std::regex code("\"(E0[0-9]{3})\"");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BINADE_SOURCE_DIR "/host")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::sregex_iterator match(text.begin(), text.end(), code), end; match != end; ++match) {
      EXPECT_TRUE(known.count((*match)[1].str())) << (*match)[1] << " in " << entry.path().filename();
    }
  }
}

}  // namespace
}  // namespace binade::host
