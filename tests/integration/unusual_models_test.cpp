// Plugins that use less common parts of the SDK, in real training.
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

json train(const TemporaryFolder& workspace, const std::string& text) {
  workspace.write("awkward.toml", text);
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return summary_of(run_directory(workspace, "awkward"));
}

TEST(UnusualModels, AModelWithTwoInputsWhoseOutputIsAStructLearns) {
  TemporaryFolder workspace;
  EXPECT_GT(train(workspace, experiment("two_inputs", "pairs"))["validation_accuracy"].get<double>(), 0.9);
}

TEST(UnusualModels, SamplesOfDifferentLengthsArePaddedAndMeasured) {
  TemporaryFolder workspace;
  const auto summary = train(workspace, experiment("length_aware", "variable_lengths"));
  EXPECT_GT(summary["validation_accuracy"].get<double>(), 0.95);
}

TEST(UnusualModels, ADatasetThatAugmentsTrainsAndRepeats) {
  TemporaryFolder first, second;
  const auto text = experiment("mlp", "augmented");
  const auto summary = train(first, text);
  EXPECT_GT(summary["validation_accuracy"].get<double>(), 0.9);
  EXPECT_EQ(train(second, text)["parameters_sha256"], summary["parameters_sha256"]);
}

TEST(UnusualModels, AModelSaysByItsEmbeddingHowManyTokensItKnows) {
  TemporaryFolder workspace;
  const auto summary = train(workspace, experiment("fixed_vocabulary", "synthetic", ""));
  EXPECT_EQ(summary["vocab_size"], 11);
  const auto resolved = contents(run_directory(workspace, "awkward") / "experiment.toml");
  EXPECT_NE(resolved.find("vocab_size = 11"), std::string::npos) << resolved;
}

TEST(UnusualModels, AModelsOwnLossNamesItsScalarsInTheMetrics) {
  TemporaryFolder workspace;
  const auto summary = train(workspace, experiment("own_loss", "augmented", "[task]\nloss = \"model\"\n"));
  EXPECT_LT(summary["final_loss"].get<double>(), summary["initial_loss"].get<double>());
  for (const auto& line : metrics(run_directory(workspace, "awkward"))) {
    ASSERT_TRUE(line.contains("scalars")) << line;
    ASSERT_TRUE(line["scalars"].contains("reconstruction")) << line;
    ASSERT_TRUE(line["scalars"].contains("sparsity")) << line;
  }
}

TEST(UnusualModels, AnInputThatTheDatasetLacksIsNamedWithWhatThereIs) {
  TemporaryFolder workspace;
  workspace.write("awkward.toml", experiment("two_inputs", "augmented"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("wants the field `a`"), std::string::npos) << outcome.err;
}

TEST(UnusualModels, ARunContinuesWithoutALoggerThatCannotStart) {
  TemporaryFolder workspace;
  workspace.write("awkward.toml", experiment("mlp", "augmented", "[[logger]]\nplugin = \"never_starts\"\n"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("nobody listens there (failed); the run continues without that logger"), std::string::npos)
      << outcome.err;
  const auto last = contents(run_directory(workspace, "awkward") / "metrics.prom");
  EXPECT_NE(last.find(R"(plugin="never_starts",stage="load"} 1)"), std::string::npos) << last;
  EXPECT_TRUE(std::regex_search(
      last, std::regex(R"(binade_plugin_enabled\{run_id="[^"]*",kind="logger",plugin="never_starts"\} 0)")))
      << last;
}

TEST(UnusualModels, ALoggerThatRefusesItsOptionsEndsTheRun) {
  TemporaryFolder workspace;
  workspace.write("awkward.toml",
                  experiment("mlp", "augmented", "[[logger]]\nplugin = \"never_starts\"\nblames_options = true\n"));
  const auto outcome = binade({"run", "awkward.toml"}, workspace);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("no such port"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace binade::testing
