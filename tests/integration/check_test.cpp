// `binade check`: all mistakes, the right exit code, and nothing of LibTorch in the process.
#include <gtest/gtest.h>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

TEST(Check, AcceptsTheShippedExperiments) {
  TemporaryFolder workspace;
  for (const auto* file : {"first_run.toml", "tabular.toml", "churn.toml"}) {
    const auto outcome = binade({"check", std::string(BINADE_SOURCE_DIR "/experiments/") + file}, workspace);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  }
}

TEST(Check, ShowsWhatIsWiredAsResolvedAtRun) {
  TemporaryFolder workspace;
  workspace.write("points.toml", points_experiment());
  const auto outcome = binade({"check", "points.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("classes: resolved at the start of a run, from dataset.classes"), std::string::npos)
      << outcome.out;
}

TEST(Check, ReportsAllMistakesWithPlaceCaretAndSuggestion) {
  TemporaryFolder workspace;
  workspace.write("wrong.toml", points_experiment("clip_nrom = 1.0\n[optimizer]\nlr = -1\n[model.extra]\n"));
  const auto outcome = binade({"check", "wrong.toml", "--set", "train.batch_size=0"}, workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  for (const auto* part : {"wrong.toml:18:1", "^^^^^^^^^", "did you mean `clip_norm`?", "optimizer.lr",
                           "--set train.batch_size=0", "extra"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\nin\n" << outcome.err;
  }
}

TEST(Check, RunRefusesWhatCheckRefusesAndMakesNoDirectory) {
  TemporaryFolder workspace;
  workspace.write("wrong.toml", points_experiment("steps_ = 1\n"));
  EXPECT_EQ(binade({"run", "wrong.toml"}, workspace).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(workspace.path() / "runs"));
}

TEST(Check, ColoursOnlyWhereTheyAreWanted) {
  TemporaryFolder workspace;
  workspace.write("wrong.toml", points_experiment("steps_ = 1\n"));
  const auto has_escape = [&](std::vector<std::string> arguments, const Process::Environment& environment) {
    return binade(arguments, workspace, environment).err.find('\x1b') != std::string::npos;
  };
  EXPECT_FALSE(has_escape({"check", "wrong.toml"}, {}));
  EXPECT_TRUE(has_escape({"check", "wrong.toml"}, {{"CLICOLOR_FORCE", "1"}}));
  EXPECT_FALSE(has_escape({"check", "wrong.toml"}, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}));
  EXPECT_TRUE(has_escape({"check", "wrong.toml", "--color", "always"}, {{"NO_COLOR", "1"}}));
}

TEST(Check, LoadsNoLibTorch) {
  TemporaryFolder workspace;
  workspace.write("points.toml", points_experiment());
  const auto outcome = binade({"check", "points.toml"}, workspace, {{"LD_DEBUG", "files"}});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("calling init"), std::string::npos) << "LD_DEBUG did not work";
  EXPECT_EQ(outcome.err.find("torch"), std::string::npos);
  EXPECT_EQ(outcome.err.find("libc10"), std::string::npos);
}

}  // namespace
}  // namespace binade::testing
