// ${env:NAME}
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "host/experiment/resolved.h"
#include "tests/experiment/fixture.h"

namespace binade::host {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Environment : public testing::Test {
 protected:
  Environment() {
    unsetenv("BINADE_TEST_A");
    unsetenv("BINADE_TEST_B");
    bench_.plugins.add(R"(
id = "tracker"
kind = "logger"
version = "1"
[options.project]
type = "string"
env = true
default = "none"
[options.words]
type = "[string]"
env = true
optional = true
[options.fixed]
type = "string"
optional = true
)");
  }
  ~Environment() override {
    unsetenv("BINADE_TEST_A");
    unsetenv("BINADE_TEST_B");
  }

  Loaded load_dataset(const std::string& lines) {
    return bench_.load(
        "[model]\nplugin = \"net\"\n[precision]\nplugin = \"full\"\n[train]\nsteps = 1\n[dataset]\n"
        "plugin = \"rows\"\n" +
        lines);
  }
  Bench bench_;
};

TEST_F(Environment, FillsPathsAndTheirComments) {
  setenv("BINADE_TEST_A", "/data", 1);
  setenv("BINADE_TEST_B", "rows", 1);
  const auto loaded = load_dataset(
      "file = \"${env:BINADE_TEST_A}/${env:BINADE_TEST_B}.csv\"\nmore = [\"${env:BINADE_TEST_B}\", \"plain\"]\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  const auto& options = loaded.experiment->dataset.options;
  EXPECT_EQ(options.string("file"), "/data/rows.csv");
  EXPECT_THAT(options.strings("more"),
              ElementsAre((bench_.folder.path() / "rows").string(), (bench_.folder.path() / "plain").string()));
  EXPECT_THAT(to_toml(*loaded.experiment),
              HasSubstr("file = \"/data/rows.csv\"  # test.toml:9, environment: BINADE_TEST_A, BINADE_TEST_B\n"));
}

TEST_F(Environment, TakesTheDefaultForWhatIsUnsetOrEmpty) {
  setenv("BINADE_TEST_B", "", 1);
  const auto loaded = load_dataset(
      "file = \"${env:BINADE_TEST_A:-/home:-x}/${env:BINADE_TEST_B:-b}\"\nmore = [\"/a${env:BINADE_TEST_B}\"]\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->dataset.options.string("file"), "/home:-x/b");
  EXPECT_THAT(loaded.experiment->dataset.options.strings("more"), ElementsAre("/a"));
  EXPECT_THAT(to_toml(*loaded.experiment),
              HasSubstr("environment: BINADE_TEST_A (not set), BINADE_TEST_B (not set)\n"));
}

TEST_F(Environment, WithoutValueAndDefaultIsNamedWithItsPlace) {
  const auto loaded = load_dataset("file = \"${env:BINADE_TEST_A}\"\n");
  EXPECT_EQ(loaded.only().code, "E0113");
  EXPECT_EQ(loaded.only().message, "`dataset.file` needs the environment variable BINADE_TEST_A, which is not set");
  EXPECT_EQ(loaded.only().where.line, 9U);
  EXPECT_THAT(loaded.only().notes, ElementsAre("set it, or give a default: ${env:BINADE_TEST_A:-...}"));
}

TEST_F(Environment, FillsTheRunsNameTheAddressAndOptionsThatSayEnv) {
  setenv("BINADE_TEST_A", "here", 1);
  setenv("BINADE_TEST_B", "127.0.0.1:9", 1);
  const auto loaded =
      bench_.load("[experiment]\nname = \"run-${env:BINADE_TEST_A}\"\n" + minimal_text() +
                  "[metrics]\nlisten = \"${env:BINADE_TEST_B}\"\n[[logger]]\nplugin = \"tracker\"\nproject = "
                  "\"${env:BINADE_TEST_A}\"\nwords = [\"a\", \"${env:BINADE_TEST_A}\"]\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  EXPECT_EQ(loaded.experiment->experiment.name, "run-here");
  EXPECT_EQ(loaded.experiment->metrics.listen, "127.0.0.1:9");
  EXPECT_EQ(loaded.experiment->loggers[0].options.string("project"), "here");
  EXPECT_THAT(loaded.experiment->loggers[0].options.strings("words"), ElementsAre("a", "here"));
}

TEST_F(Environment, IsCheckedAsIfItHadBeenWritten) {
  setenv("BINADE_TEST_A", "a/b", 1);
  const auto loaded = bench_.load("[experiment]\nname = \"${env:BINADE_TEST_A}\"\n" + minimal_text());
  EXPECT_EQ(loaded.only().code, "E0118");
  EXPECT_THAT(loaded.only().message, HasSubstr("a/b"));
}

TEST_F(Environment, ElsewhereIsAMistakeThatSaysWhereItIsAllowed) {
  setenv("BINADE_TEST_A", "sgd", 1);
  for (const std::string text :
       {"[optimizer]\nname = \"${env:BINADE_TEST_A}\"\n", "[[logger]]\nplugin = \"${env:BINADE_TEST_A}\"\n",
        "[[logger]]\nplugin = \"tracker\"\nfixed = \"${env:BINADE_TEST_A}\"\n",
        "[experiment]\ntags = [\"${env:BINADE_TEST_A}\"]\n"}) {
    SCOPED_TRACE(text);
    const auto loaded = bench_.load(minimal_text() + text);
    EXPECT_EQ(loaded.only().code, "E0112");
    EXPECT_THAT(loaded.only().notes.front(), HasSubstr("`env = true`"));
  }
  EXPECT_EQ(bench_.load(minimal_text(), {"optimizer.name='${env:BINADE_TEST_A}'"}).only().code, "E0112");
}

TEST_F(Environment, InAWrongFormIsRefused) {
  setenv("BINADE_TEST_A", "x", 1);
  for (const std::string text :
       {"${env:BINADE_TEST_A", "${env:}", "${env:A B}", "${env:1A}", "${env:BINADE_TEST_A-x}", "${env::-x}"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(load_dataset("file = \"" + text + "\"\n").only().code, "E0112");
  }
  EXPECT_TRUE(load_dataset("file = \"${HOME} $BINADE_TEST_A\"\n").experiment) << "only ${env: is special";
}

TEST_F(Environment, ThatIsNotTextOrNamesVariablesIsRefused) {
  for (const std::string value : {"\xFF\xFE", "${env:HOME}"}) {
    setenv("BINADE_TEST_A", value.c_str(), 1);
    EXPECT_EQ(load_dataset("file = \"${env:BINADE_TEST_A}\"\n").only().code, "E0113");
  }
}

TEST_F(Environment, LoadsAgainFromTheResolvedExperimentWithoutTheVariable) {
  setenv("BINADE_TEST_A", "odd \"name\"\n", 1);
  const auto loaded = load_dataset("file = \"${env:BINADE_TEST_A}\"\n");
  ASSERT_TRUE(loaded.experiment) << loaded.text();
  unsetenv("BINADE_TEST_A");
  const auto again = bench_.load(to_toml(*loaded.experiment));
  ASSERT_TRUE(again.experiment) << again.text();
  EXPECT_EQ(again.experiment->dataset.options.string("file"), loaded.experiment->dataset.options.string("file"));
}

TEST_F(Environment, NamesIncludedFiles) {
  setenv("BINADE_TEST_A", "base", 1);
  bench_.folder.write("base.toml", minimal_text());
  EXPECT_TRUE(bench_.load("include = [\"${env:BINADE_TEST_A}.toml\"]\n").experiment);
  EXPECT_EQ(bench_.load("include = [\"${env:BINADE_TEST_B}.toml\"]\n").only().code, "E0113");
}

}  // namespace
}  // namespace binade::host
