// The contracts of the SDK on plugins that need their corners, trained for real.
#include <gtest/gtest.h>

#include <regex>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;

std::string experiment(const std::string& model, const std::string& dataset, const std::string& more = "") {
  return "[experiment]\nname = \"awkward\"\n[model]\nplugin = \"" + model + "\"\n[dataset]\nplugin = \"" + dataset +
         "\"\n[precision]\nplugin = \"fp32\"\n[optimizer]\nlr = 0.02\n[train]\nsteps = 120\nbatch_size = 32\n"
         "device = \"cpu\"\n" +
         more;
}

json train(const Workspace& workspace, const std::string& text) {
  workspace.write("awkward.toml", text);
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return json::parse(read_file(run_directory(workspace, "awkward") / "summary.json"));
}

TEST(AwkwardPlugins, S3AModelWithTwoInputsWhoseOutputIsAStructLearns) {
  Workspace workspace;
  EXPECT_GT(train(workspace, experiment("two_inputs", "pairs"))["validation_accuracy"].get<double>(), 0.9);
}

TEST(AwkwardPlugins, SamplesOfDifferentLengthsArePaddedAndMeasured) {
  Workspace workspace;
  const auto summary = train(workspace, experiment("length_aware", "variable_lengths"));
  EXPECT_GT(summary["validation_accuracy"].get<double>(), 0.95);
}

TEST(AwkwardPlugins, ADatasetThatAugmentsTrainsAndRepeats) {
  Workspace first, second;
  const auto text = experiment("mlp", "augmented");
  const auto summary = train(first, text);
  EXPECT_GT(summary["validation_accuracy"].get<double>(), 0.9);
  EXPECT_EQ(train(second, text)["parameters_sha256"], summary["parameters_sha256"]);
}

TEST(AwkwardPlugins, S1AModelSaysByItsEmbeddingHowManyTokensItKnows) {
  Workspace workspace;
  const auto summary = train(workspace, experiment("fixed_vocabulary", "synthetic", ""));
  EXPECT_EQ(summary["vocab_size"], 11);
  const auto resolved = read_file(run_directory(workspace, "awkward") / "experiment.toml");
  EXPECT_NE(resolved.find("vocab_size = 11"), std::string::npos) << resolved;
}

TEST(AwkwardPlugins, AModelsOwnLossNamesItsScalarsInTheMetrics) {
  Workspace workspace;
  const auto summary = train(workspace, experiment("own_loss", "augmented", "[task]\nloss = \"model\"\n"));
  EXPECT_LT(summary["final_loss"].get<double>(), summary["initial_loss"].get<double>());
  for (const auto& line : metrics(run_directory(workspace, "awkward"))) {
    ASSERT_TRUE(line.contains("scalars")) << line;
    ASSERT_TRUE(line["scalars"].contains("reconstruction")) << line;
    ASSERT_TRUE(line["scalars"].contains("sparsity")) << line;
  }
}

TEST(AwkwardPlugins, AnInputThatTheDatasetLacksIsNamedWithWhatThereIs) {
  Workspace workspace;
  workspace.write("awkward.toml", experiment("two_inputs", "augmented"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("wants the field `a`"), std::string::npos) << outcome.err;
}

TEST(AwkwardPlugins, ALoggerThatCannotStartIsMissingInARunThatGoesOn) {
  Workspace workspace;
  workspace.write("awkward.toml", experiment("mlp", "augmented", "[[logger]]\nplugin = \"never_starts\"\n"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("nobody listens there (failed); this run continues without that logger"), std::string::npos)
      << outcome.err;
  const auto last = read_file(run_directory(workspace, "awkward") / "metrics.prom");
  EXPECT_NE(last.find(R"(plugin="never_starts",stage="load"} 1)"), std::string::npos) << last;
  EXPECT_TRUE(std::regex_search(
      last, std::regex(R"(binade_plugin_enabled\{run_id="[^"]*",kind="logger",plugin="never_starts"\} 0)")))
      << last;
}

TEST(AwkwardPlugins, ALoggerThatRefusesItsOptionsEndsTheRun) {
  Workspace workspace;
  workspace.write("awkward.toml",
                  experiment("mlp", "augmented", "[[logger]]\nplugin = \"never_starts\"\nblames_options = true\n"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("no such port"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace binade::testing
