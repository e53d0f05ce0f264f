// A run from start to end: its files, its reproducibility, and how it is stopped.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <sstream>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;

class Run : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
  }

  // Runs points.toml in a workspace of its own and returns its run directory, read whole.
  struct Files {
    json summary;
    std::vector<json> metrics;
  };
  Files run(std::vector<std::string> overrides) const {
    TemporaryFolder workspace;
    workspace.write("points.csv", points_csv(200));
    workspace.write("points.toml", points_experiment());
    std::vector<std::string> arguments{"run", "points.toml"};
    for (auto& text : overrides) {
      arguments.emplace_back("--set");
      arguments.push_back(std::move(text));
    }
    const auto outcome = binade(arguments, workspace);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto directory = run_directory(workspace, "points");
    return {summary_of(directory), metrics(directory)};
  }

  TemporaryFolder workspace_;
};

std::vector<json> without_times(std::vector<json> lines) {
  for (auto& line : lines) {
    for (const auto* field : {"time", "seconds", "phases"}) line.erase(field);
  }
  return lines;
}

TEST_F(Run, LeavesEverythingThatDescribesItInItsDirectory) {
  const auto outcome = binade({"run", "points.toml"}, workspace_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto directory = run_directory(workspace_, "points");
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.insert(entry.path().filename());
  EXPECT_EQ(files,
            (std::set<std::string>{"checkpoints", "data.json", "environment.json", "experiment.lock", "experiment.toml",
                                   "metrics.jsonl", "metrics.prom", "summary.json", "weights.safetensors"}));

  const auto lines = metrics(directory);
  ASSERT_EQ(lines.size(), 9u);  // 8 steps and the evaluation at the end
  EXPECT_EQ(lines[7]["step"], 8);
  EXPECT_EQ(lines[7]["split"], "train");
  EXPECT_EQ(lines[8]["split"], "validation");
  const auto lock = contents(directory / "experiment.lock");
  for (const auto* plugin : {"mlp", "csv", "fp32"}) EXPECT_NE(lock.find(plugin), std::string::npos) << lock;
  EXPECT_NE(outcome.out.find(directory.filename().string()), std::string::npos) << outcome.out;
}

TEST_F(Run, ResolvedExperimentRunsAgainToTheSameWeights) {
  ASSERT_EQ(binade({"run", "points.toml", "--set", "train.steps=5"}, workspace_).exit_code, 0);
  const auto first = run_directory(workspace_, "points");
  const auto again = binade({"run", (first / "experiment.toml").string(), "--runs", "again"}, workspace_);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const auto second = *std::filesystem::directory_iterator(workspace_.path() / "again" / "points");
  EXPECT_EQ(summary_of(first)["parameters_sha256"], summary_of(second.path())["parameters_sha256"]);
}

TEST_F(Run, ExportsTheLearningRateOfEachGroupOfParameters) {
  ASSERT_EQ(binade({"run", "points.toml", "--set", "optimizer.lr=0.01", "--set",
                    "optimizer.group=[{parameters=[\"*bias\"], lr=0.002}, {parameters=[\"*\"]}]"},
                   workspace_)
                .exit_code,
            0);
  const auto last = contents(run_directory(workspace_, "points") / "metrics.prom");
  for (const auto* rate : {"param_group=\"0\"} 0.01\n", "param_group=\"1\"} 0.002\n", "param_group=\"2\"} 0.01\n"}) {
    EXPECT_NE(last.find(rate), std::string::npos) << rate << last;
  }
  EXPECT_NE(last.find("param_dtype=\"fp32\""), std::string::npos);
}

TEST_F(Run, TellsHowOftenAndHowLongEachKindOfPluginWasCalledAndThatNoneFailed) {
  ASSERT_EQ(binade({"run", "points.toml", "--set", "logger.0.plugin=csv"}, workspace_).exit_code, 0);
  const auto last = contents(run_directory(workspace_, "points") / "metrics.prom");
  const auto value = [&](const std::string& name, const std::vector<std::string>& labels) {
    std::istringstream lines(last);
    for (std::string line; std::getline(lines, line);) {
      const auto has = [&](const std::string& label) { return line.find(label) != std::string::npos; };
      if (line.starts_with(name + "{") && std::all_of(labels.begin(), labels.end(), has)) {
        return std::stod(line.substr(line.rfind(' ')));
      }
    }
    ADD_FAILURE() << name << " of " << labels.front() << "\n" << last;
    return -1.0;
  };
  const std::pair<std::string, std::string> calls[] = {
      {"model", "forward"}, {"dataset", "read"}, {"precision", "policy"}, {"logger", "write"}};
  for (const auto& [kind, call] : calls) {
    const std::vector<std::string> labels{"kind=\"" + kind + "\"", "call=\"" + call + "\""};
    EXPECT_GE(value("binade_plugin_calls_total", labels), 1) << kind;
    EXPECT_GT(value("binade_plugin_call_seconds_total", labels), 0) << kind;
    for (const auto* stage : {"load", "call", "shutdown"}) {
      EXPECT_EQ(value("binade_plugin_errors_total", {labels.front(), std::string("stage=\"") + stage}), 0) << kind;
    }
  }
}

TEST_F(Run, KeepsTagsAndNotesInItsSummary) {
  const auto summary = run({"experiment.tags=[\"a\", \"b\"]", "experiment.notes='why'"}).summary;
  EXPECT_EQ(summary["tags"], (json{"a", "b"}));
  EXPECT_EQ(summary["notes"], "why");
  EXPECT_EQ(run({}).summary["tags"], json::array());
}

TEST_F(Run, RepeatsItselfExactlyWhateverTheWorkers) {
  const auto first = run({});
  for (const auto* workers : {"train.workers=0", "train.workers=3"}) {
    const auto other = run({workers});
    for (const auto* hash : {"initial_parameters_sha256", "parameters_sha256", "samples_hash"}) {
      EXPECT_EQ(other.summary[hash], first.summary[hash]) << workers;
    }
    EXPECT_EQ(without_times(other.metrics), without_times(first.metrics)) << workers;
  }
  EXPECT_NE(first.summary["initial_parameters_sha256"], first.summary["parameters_sha256"]);
  const auto seeded = run({"experiment.seed=2"});
  for (const auto* hash : {"initial_parameters_sha256", "parameters_sha256", "samples_hash"}) {
    EXPECT_NE(seeded.summary[hash], first.summary[hash]);
  }
  EXPECT_EQ(run({"optimizer.lr=0.5"}).summary["initial_parameters_sha256"], first.summary["initial_parameters_sha256"]);
}

TEST_F(Run, StopsByEpochsAndByTimeAsWellAsBySteps) {
  EXPECT_EQ(run({"train.steps=1000", "train.epochs=2"}).summary["steps"], 20);  // 160 samples, batches of 16
  const auto timed = run({"train.steps=1000000000", "train.max_time=\"1s\""});
  EXPECT_NE(timed.summary["stop_reason"].get<std::string>().find("max_time"), std::string::npos);
  EXPECT_GT(timed.summary["steps"], 0);
}

TEST_F(Run, EvaluatesEveryFewSteps) {
  std::vector<int> evaluated;
  for (const auto& line : run({"train.evaluate_every=3"}).metrics) {
    if (line["split"] == "validation") evaluated.push_back(line["step"]);
  }
  EXPECT_EQ(evaluated, (std::vector<int>{3, 6, 8}));
}

TEST_F(Run, EndsCleanlyOnCtrlCAndOnSigterm) {
  for (const int signal : {SIGINT, SIGTERM}) {
    TemporaryFolder workspace;
    workspace.write("points.csv", points_csv(200));
    workspace.write("points.toml", points_experiment("\n[[logger]]\nplugin = \"console\"\nevery = 1\n"));
    Process process(binade_command({"run", "points.toml", "--set", "train.steps=1000000000"}), workspace,
                    with_fixtures());
    ASSERT_TRUE(process.wait_for_output("loss ")) << process.out() << process.err();
    process.send(signal);
    const auto outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, signal == SIGINT ? 130 : 75) << outcome.err;
    const auto directory = run_directory(workspace, "points");
    const auto summary = summary_of(directory);
    EXPECT_EQ(summary["state"], signal == SIGINT ? "interrupted" : "preempted");
    EXPECT_TRUE(std::filesystem::exists(directory / "weights.safetensors"));
    EXPECT_EQ(metrics(directory).size(), summary["steps"].get<std::size_t>());
  }
}

TEST_F(Run, FallsBackToFp32OnTheCpuWithOneVisibleWarning) {
  const auto outcome = binade({"run", "points.toml", "--set", "precision.plugin=fp16"}, workspace_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto first = outcome.err.find("warning:");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(outcome.err.find("warning:", first + 1), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("cpu = \"allow\""), std::string::npos) << outcome.err;
  EXPECT_EQ(summary_of(run_directory(workspace_, "points"))["precision"], "fp32");
}

TEST_F(Run, TrainsInFp16WithAScaleWhereItIsAllowed) {
  const auto outcome = binade({"run", "points.toml", "--set", "precision.plugin=fp16", "--set", "precision.cpu=allow",
                               "--set", "precision.growth_interval=4"},
                              workspace_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = metrics(run_directory(workspace_, "points"));
  EXPECT_EQ(lines[0]["loss_scale"], 65536);
  EXPECT_EQ(lines[4]["loss_scale"], 131072);
}

TEST_F(Run, FailsWhenNoStepCouldBeApplied) {
  const auto outcome = binade({"run", "points.toml", "--set", "precision.plugin=fp16", "--set", "precision.cpu=allow",
                               "--set", "precision.init_scale=1e38"},
                              workspace_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("none of 8 steps could be applied"), std::string::npos) << outcome.err;
  const auto summary = summary_of(run_directory(workspace_, "points"));
  EXPECT_EQ(summary["state"], "failed");
  EXPECT_EQ(summary["notes"], "");
}

TEST_F(Run, NamesFileAndLineOfBadData) {
  workspace_.write("points.csv", "x,y,side\n1,2,above\n3,below\n");
  const auto outcome = binade({"run", "points.toml"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_NE(outcome.err.find("points.csv:3"), std::string::npos) << outcome.err;
}

TEST(ShippedExperiments, FirstRunTrainsOnThisProgramsOwnSource) {
  TemporaryFolder workspace;
  const auto outcome = binade({"run", BINADE_SOURCE_DIR "/experiments/first_run.toml", "--set", "train.steps=12",
                               "--set", "train.evaluate_every=0", "--set", "train.evaluate_batches=2"},
                              workspace);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = metrics(run_directory(workspace, "first-run"));
  EXPECT_LT(lines[11]["loss"].get<double>(), lines[0]["loss"].get<double>());
  EXPECT_NE(outcome.out.find("http://127.0.0.1:"), std::string::npos) << outcome.out;
}

TEST(ShippedExperiments, TabularReachesTheAccuracyThatItsFileStates) {
  TemporaryFolder workspace;
  const auto outcome = binade({"run", BINADE_SOURCE_DIR "/experiments/tabular.toml"}, workspace);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto runs = std::filesystem::directory_iterator(workspace.path() / "runs");
  const auto summary = summary_of(run_directory(workspace, runs->path().filename().string()));
  EXPECT_GE(summary["validation_accuracy"].get<double>(), 0.95);
}

TEST(ShippedExperiments, ChurnIsFarBetterThanTheMajority) {
  TemporaryFolder workspace;
  const auto outcome = binade({"run", BINADE_SOURCE_DIR "/experiments/churn.toml"}, workspace);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto runs = std::filesystem::directory_iterator(workspace.path() / "runs");
  const auto summary = summary_of(run_directory(workspace, runs->path().filename().string()));
  EXPECT_GE(summary["validation_accuracy"].get<double>(), 0.87);
}

}  // namespace
}  // namespace binade::testing
