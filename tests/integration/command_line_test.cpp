// The command line: help, versions, mistypings, and the plugins verbs.
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

TEST(CommandLine, HelpShowsVerbsAndExamples) {
  TemporaryFolder workspace;
  const auto outcome = binade({"--help"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0);
  for (const auto* part : {"run", "check", "plugins", "Examples:"}) EXPECT_TRUE(contains(outcome.out, part)) << part;
  EXPECT_TRUE(contains(binade({"run", "--help"}, workspace).out, "--set"));
  EXPECT_TRUE(contains(binade({"plugins", "describe", "--help"}, workspace).out, "Examples:"));
}

TEST(CommandLine, SaysItsVersion) {
  TemporaryFolder workspace;
  const auto outcome = binade({"--version"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out.rfind("binade 0.", 0), 0u) << outcome.out;
}

TEST(CommandLine, SuggestsTheNearestVerbAndOption) {
  TemporaryFolder workspace;
  const auto verb = binade({"chekc", "x.toml"}, workspace);
  EXPECT_EQ(verb.exit_code, 2);
  EXPECT_TRUE(contains(verb.err, "did you mean `check`?")) << verb.err;
  const auto option = binade({"run", "x.toml", "--rnus", "y"}, workspace);
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_TRUE(contains(option.err, "did you mean `--runs`?")) << option.err;
}

TEST(CommandLine, SaysWhatIsMissing) {
  TemporaryFolder workspace;
  const auto outcome = binade({"check"}, workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(contains(outcome.err, "FILE")) << outcome.err;
}

TEST(CommandLine, NamesAFileThatIsNotThere) {
  TemporaryFolder workspace;
  const auto outcome = binade({"check", "nowhere.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(contains(outcome.err, "nowhere.toml")) << outcome.err;
}

TEST(Plugins, ListsEachShippedPluginOnce) {
  TemporaryFolder workspace;
  const auto outcome = binade({"plugins", "list"}, workspace, {{"BINADE_PLUGIN_PATH", ""}});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  std::map<std::string, int> listed;  // by kind and id
  std::istringstream lines(outcome.out);
  for (std::string line, kind, id; std::getline(lines, line);) {
    std::istringstream(line) >> kind >> id;
    ++listed[kind + " " + id];
  }
  for (const auto* plugin : {"model gpt", "model mlp", "model cnn", "dataset text", "dataset tokens", "dataset images",
                             "dataset csv", "dataset synthetic", "precision fp32", "precision bf16", "precision fp16",
                             "logger console", "logger csv", "logger tensorboard"}) {
    EXPECT_EQ(listed[plugin], 1) << plugin << "\n" << outcome.out;
  }
}

TEST(Plugins, DescribesOptionsWithRangesAndDefaults) {
  TemporaryFolder workspace;
  const auto outcome = binade({"plugins", "describe", "mlp"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "integer, at least 1, default 128")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "from dataset.classes")) << outcome.out;
}

TEST(Plugins, SuggestsTheNearestId) {
  TemporaryFolder workspace;
  const auto outcome = binade({"plugins", "describe", "mpl"}, workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(contains(outcome.err, "did you mean `mlp`?")) << outcome.err;
}

}  // namespace
}  // namespace binade::testing
