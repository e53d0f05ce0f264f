// Verbs: arguments, options, and what is wrong with a command line.
#include "host/cli/verb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace binade::host {
namespace {

using Request = ParsedCommand::Request;
using testing::ElementsAre;
using testing::HasSubstr;

class VerbTest : public testing::Test {
 protected:
  VerbTest() {
    run_.argument("FILE", file_, "The experiment");
    run_.repeatable("--set", settings_, "KEY=VALUE", "One value");
    run_.option("--steps", steps_, "N", "Steps").within(1, 10);
    run_.option("--resume", resume_, "WHEN", "Whether").one_of({"auto", "never"}).show_default();
    run_.flag("--dry-run", dry_, "Dry");
    const auto take = [this](const std::string& text) {
      threshold_ = text;
      return text == "high" ? "high is too much" : "";
    };
    run_.parsed_option("--speedup", take, "X", "Wanted");
    other_.accept_everything();
  }

  ParsedCommand parse(std::vector<std::string> words) {
    words.insert(words.begin(), "program");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    return program_.parse(arguments);
  }
  std::string mistake(const std::vector<std::string>& words) {
    const auto command = parse(words);
    return command.request == Request::correction ? command.mistake : "no mistake";
  }

  std::string file_, resume_ = "never", threshold_;
  std::vector<std::string> settings_;
  std::optional<std::uint64_t> steps_;
  bool dry_ = false;
  Verb program_{"program", "A program", "program 1"};
  Verb& run_ = program_.add("run", "Runs");
  Verb& other_ = program_.add("other", "Another program");
};

TEST_F(VerbTest, SetsTheTargetsOfArgumentsAndOptions) {
  const auto command = parse({"run", "a.toml", "--set", "x=1", "--steps", "7", "--set=y=2", "--dry-run", "--speedup",
                              "low", "--resume", "auto"});
  EXPECT_EQ(command.request, Request::action) << command.mistake;
  EXPECT_EQ(command.verb, &run_);
  EXPECT_EQ(file_, "a.toml");
  EXPECT_THAT(settings_, ElementsAre("x=1", "y=2"));
  EXPECT_EQ(steps_, 7U);
  EXPECT_EQ(resume_, "auto");
  EXPECT_EQ(threshold_, "low");
  EXPECT_TRUE(dry_);
}

TEST_F(VerbTest, SaysWhatIsWrong) {
  EXPECT_THAT(mistake({"run"}), HasSubstr("FILE is required"));
  EXPECT_THAT(mistake({"run", "a", "--steps", "11"}), HasSubstr("not in range 1 to 10"));
  EXPECT_THAT(mistake({"run", "a", "--resume", "maybe"}), HasSubstr("maybe not in {auto,never}"));
  EXPECT_THAT(mistake({"run", "a", "--speedup", "high"}), HasSubstr("high is too much"));
  EXPECT_EQ(mistake({"run", "a", "--stpes", "3"}), "there is no option `--stpes`; did you mean `--steps`?");
  EXPECT_EQ(mistake({"rnu", "a"}), "there is no command `rnu`; did you mean `run`?");
}

TEST_F(VerbTest, AnswersRequestsForHelpAndVersion) {
  const auto help = parse({"run", "--help"});
  EXPECT_EQ(help.request, Request::help);
  EXPECT_THAT(help.verb->help(), testing::AllOf(HasSubstr("program run [OPTIONS] FILE"), HasSubstr("--resume WHEN")));
  EXPECT_EQ(parse({"--version"}).request, Request::version);
  EXPECT_EQ(parse({}).verb, &program_);
}

TEST_F(VerbTest, LeavesEverythingToAVerbThatAcceptsIt) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"other", "--help"},
                                                {"other", "--unknown", "3"},
                                                {"--help", "other"},
                                                {"other", "run"}}) {
    const auto command = parse(words);
    EXPECT_EQ(command.request, Request::action) << words.back();
    EXPECT_EQ(command.verb, &other_);
  }
}

}  // namespace
}  // namespace binade::host
