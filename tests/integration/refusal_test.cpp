// Plugins that are refused, as their users see it: the exit code, the message, and that none of their code ran.
#include <gtest/gtest.h>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

class Refusal : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
    std::filesystem::create_directory(workspace_.path() / "plugins");
  }

  // A copy of a shipped plugin with `from` replaced by `to` (as long) once, wherever it first stands in the file.
  void install_changed(const std::string& plugin, const std::string& from, const std::string& to) {
    auto bytes = contents(std::filesystem::path(BINADE_PLUGIN_DIR) / (plugin + ".so"));
    const auto position = bytes.find(from);
    ASSERT_NE(position, std::string::npos);
    bytes.replace(position, to.size(), to);
    workspace_.write("plugins/" + plugin + "_changed.so", bytes);
  }

  Outcome run_with_library(const std::string& section, const std::string& plugin) {
    return binade({"run", "points.toml", "--set", section + ".library=\"plugins/" + plugin + "_changed.so\""},
                  workspace_);
  }

  TemporaryFolder workspace_;
};

TEST_F(Refusal, AModelForAnotherLibTorch) {
  install_changed("mlp", "2.11.0", "2.10.9");
  const auto outcome = run_with_library("model", "mlp");
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  for (const auto* part : {"E0306", "2.10.9", "2.11.0", "mlp_changed.so", "its code was not run",
                           "plugin `mlp` refused", "sha256", "explain: binade explain E0306"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\nin\n" << outcome.err;
  }
  EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs"));
}

TEST_F(Refusal, AManifestThatWasChangedAfterItsChecksum) {
  install_changed("mlp", "id = \"mlp\"", "id = \"mlq\"");
  const auto outcome = run_with_library("model", "mlp");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("E0303"), std::string::npos) << outcome.err;
}

TEST_F(Refusal, TwoFilesWithOneId) {
  std::filesystem::copy(std::filesystem::path(BINADE_PLUGIN_DIR) / "mlp.so", workspace_.path() / "plugins" / "mine.so");
  const auto outcome =
      binade({"run", "points.toml"}, workspace_, {{"BINADE_PLUGIN_PATH", (workspace_.path() / "plugins").string()}});
  EXPECT_NE(outcome.exit_code, 0);
  for (const auto* part : {"E0308", "mine.so", "mlp.so"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\nin\n" << outcome.err;
  }
}

TEST_F(Refusal, ThrowingInCreateIsARunThatFailsWithThePluginsName) {
  const auto outcome = binade({"run", "points.toml", "--set", "precision.plugin=throws_in_create"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 4);
  for (const auto* part : {"throws_in_create", "create", "there is no such scale"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\nin\n" << outcome.err;
  }
}

}  // namespace
}  // namespace binade::testing
