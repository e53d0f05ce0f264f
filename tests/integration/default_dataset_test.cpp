// Experiments without a dataset, in an installation whose only default dataset is the one that a test adds.
#include <gtest/gtest.h>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

namespace fs = std::filesystem;

class DefaultDataset : public ::testing::Test {
 protected:
  DefaultDataset() {
    const auto root = workspace_.path() / "installed";
    fs::create_directories(root / "bin");
    fs::create_directories(plugins());
    fs::copy_file(BINADE_EXECUTABLE, root / "bin" / "binade");
    fs::create_symlink(fs::path(BINADE_PLUGIN_DIR).parent_path() / "libbinade_engine.so",
                       root / "lib" / "binade" / "libbinade_engine.so");
    for (const auto* name : {"mlp.so", "fp32.so"}) {
      fs::copy_file(fs::path(BINADE_PLUGIN_DIR) / name, plugins() / name);
    }
    workspace_.write("bare.toml",
                     "[model]\nplugin = \"mlp\"\nunits = 6\n[precision]\nplugin = \"fp32\"\n[train]\nsteps = 4\n");
  }

  fs::path plugins() const { return workspace_.path() / "installed" / "lib" / "binade" / "plugins"; }
  void install(const std::string& file) {
    fs::copy_file(fs::path(BINADE_FIXTURE_DIR) / "default_dataset" / "default_dataset.so", plugins() / file);
  }
  Outcome binade(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), (workspace_.path() / "installed" / "bin" / "binade").string());
    Process process(arguments, workspace_, {{"BINADE_PLUGIN_PATH", ""}, {"XDG_DATA_HOME", workspace_.path().string()}});
    return process.wait();
  }

  TemporaryFolder workspace_;
};

TEST_F(DefaultDataset, IsTrainedOnWithAVisibleWarning) {
  install("default_dataset.so");
  const auto outcome = binade({"run", "bare.toml"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(
      outcome.err.find("warning: the experiment has no [dataset]: synthetic data of the plugin `default_dataset`"),
      std::string::npos)
      << outcome.err;
  const auto resolved = contents(run_directory(workspace_, "bare") / "experiment.toml");
  EXPECT_NE(resolved.find("plugin = \"default_dataset\"  # default"), std::string::npos) << resolved;
  EXPECT_NE(resolved.find("[dataset]"), std::string::npos);
  EXPECT_NE(resolved.find("features = 6  # from model.units"), std::string::npos) << "as wide as the model\n"
                                                                                  << resolved;
  EXPECT_NE(resolved.find("features = 6  # from dataset.features"), std::string::npos) << resolved;
}

TEST_F(DefaultDataset, IsWarnedOfByCheck) {
  install("default_dataset.so");
  const auto outcome = binade({"check", "bare.toml"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("synthetic data"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.out.find("default_dataset"), std::string::npos) << outcome.out;
  const auto config = binade({"config", "bare.toml"});
  EXPECT_NE(config.out.find("features = 6  # from model.units"), std::string::npos) << config.out;
}

TEST_F(DefaultDataset, ThatDoesNotFitTheModelIsRefusedByCheckAndRunAlike) {
  install("default_dataset.so");
  workspace_.write("wide.toml",
                   contents(workspace_.path() / "bare.toml") + "[dataset]\nplugin = \"default_dataset\"\n");
  for (const auto* verb : {"check", "run", "config"}) {
    const auto outcome = binade({verb, "wide.toml", "--set", "model.units=5000"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("`dataset.features` = model `units` must be in 1..=4096, got 5000"), std::string::npos)
        << outcome.err;
    EXPECT_NE(outcome.err.find("explain: binade explain E0117"), std::string::npos) << outcome.err;
  }
  EXPECT_FALSE(fs::exists(workspace_.path() / "runs"));
}

TEST_F(DefaultDataset, WithoutADefaultDatasetTheSectionIsMissing) {
  const auto outcome = binade({"run", "bare.toml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("the section [dataset] is missing"), std::string::npos) << outcome.err;
}

TEST_F(DefaultDataset, IsDescribedWithBothOfItsSources) {
  install("default_dataset.so");
  const auto outcome = binade({"plugins", "describe", "default_dataset"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("the default of an experiment without [dataset]"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("integer, at least 1, at most 4096, from model.units, else 4"), std::string::npos)
      << outcome.out;
}

}  // namespace
}  // namespace binade::testing
