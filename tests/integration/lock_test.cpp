// `binade lock` and --locked, as their users see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <random>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Lock : public ::testing::Test {
 protected:
  Lock() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
    std::filesystem::create_directory(workspace_.path() / "mine");
    std::filesystem::copy(std::filesystem::path(BINADE_PLUGIN_DIR) / "fp32.so", plugin());
  }
  // The experiment with a copy of a precision plugin that the test may change.
  Outcome with_copy(const std::string& verb, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{verb, "points.toml", "--set", "precision.library=\"mine/fp32.so\""};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return binade(arguments, workspace_);
  }
  std::filesystem::path plugin() const { return workspace_.path() / "mine" / "fp32.so"; }
  std::filesystem::path file(const std::string& name) const { return workspace_.path() / name; }

  TemporaryFolder workspace_;
};

TEST_F(Lock, IsWrittenBesideTheExperimentAndHoldsAgainAndAgain) {
  const auto written = with_copy("lock");
  ASSERT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(written.out, AllOf(HasSubstr("fp32"), HasSubstr("points.lock")));
  const auto lock = contents(file("points.lock"));
  for (const auto* part : {"id = \"mlp\"", "id = \"fp32\"", "id = \"csv\"", "[libtorch]", "mine/fp32.so"}) {
    EXPECT_THAT(lock, HasSubstr(part));
  }
  const auto checked = with_copy("check", {"--locked"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("and matches its lock"));
  const auto ran = with_copy("run", {"--locked"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  // A run keeps what it was made of, in the same words.
  EXPECT_EQ(contents(run_directory(workspace_, "points") / "experiment.lock"), lock);
}

TEST_F(Lock, RefusesAPluginThatWasBuiltAgain) {
  ASSERT_EQ(with_copy("lock").exit_code, 0);
  std::ofstream(plugin(), std::ios::app) << "x";
  for (const auto* verb : {"check", "run"}) {
    const auto outcome = with_copy(verb, {"--locked"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("E0313"), HasSubstr("not the file that the lock names"),
                                   HasSubstr("binade lock"), HasSubstr("binade explain E0313")));
  }
  EXPECT_FALSE(std::filesystem::exists(file("runs")));
  EXPECT_EQ(with_copy("run").exit_code, 0) << "without --locked it runs";
}

TEST_F(Lock, LeavesNoCopiesWhateverEndsTheRun) {
  ASSERT_EQ(with_copy("lock").exit_code, 0);
  const auto temporary = file("temporary");
  std::filesystem::create_directory(temporary);
  Process run(binade_command({"run", "points.toml", "--set", "precision.library=\"mine/fp32.so\"", "--set",
                              "train.steps=100000000", "--locked"}),
              workspace_, with_fixtures({{"TMPDIR", temporary.string()}}));
  ASSERT_TRUE(run.wait_until([&] {
    return contents(run_directory(workspace_, "points") / "metrics.jsonl").find('\n') != std::string::npos;
  })) << run.err();
  run.send(SIGKILL);
  run.wait();
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

TEST_F(Lock, MayLieElsewhere) {
  ASSERT_EQ(with_copy("lock", {"-o", "other.lock"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(file("points.lock")));
  const auto missing = with_copy("check", {"--locked"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("there is no lock `points.lock`"), HasSubstr("binade lock FILE")));
  EXPECT_EQ(with_copy("check", {"--lock", "other.lock"}).exit_code, 0);
}

TEST_F(Lock, OfARunIsWhatItIsResumedBy) {
  ASSERT_EQ(with_copy("run", {"--stop-after", "3", "--set", "train.steps=6"}).exit_code, 0);
  const auto directory = run_directory(workspace_, "points").string();
  const auto before = contents(plugin());
  std::ofstream(plugin(), std::ios::app) << "x";
  const auto refused = binade({"resume", directory, "--locked"}, workspace_);
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("E0313"));
  std::filesystem::remove(plugin());
  std::ofstream(plugin(), std::ios::binary) << before;
  const auto resumed = binade({"resume", directory, "--locked"}, workspace_);
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
}

// Thousands of them are in tests/loading; here some as the program itself meets them.
TEST_F(Lock, AndChecksStandDamagedPlugins) {
  ASSERT_EQ(with_copy("lock").exit_code, 0);
  const auto whole = contents(plugin());
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    auto bytes = whole;
    if (round % 4 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      for (int i = 0; i < round; ++i) bytes[random() % (round % 2 == 0 ? 1024 : bytes.size())] ^= 1 << random() % 8;
    }
    std::filesystem::remove(plugin());
    std::ofstream(plugin(), std::ios::binary) << bytes;
    EXPECT_THAT(with_copy("check").exit_code, ::testing::AnyOf(0, 2, 3)) << round;
    EXPECT_THAT(with_copy("check", {"--locked"}).exit_code, ::testing::AnyOf(2, 3)) << round;
    const auto described =
        binade({"plugins", "list"}, workspace_, {{"BINADE_PLUGIN_PATH", (workspace_.path() / "mine").string()}});
    EXPECT_THAT(described.exit_code, ::testing::AnyOf(0, 3)) << round << described.err;
  }
}

}  // namespace
}  // namespace binade::testing
