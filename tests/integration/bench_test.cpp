// `binade bench`: what it measures, says and refuses. Each test starts as few runs as it can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Bench : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment("threads = 1\n[optimizer]\nlr = 0.05\n[[logger]]\n"
                                                      "plugin = \"console\"\n[metrics]\nenabled = false\n"));
  }

  static std::vector<std::string> words(std::vector<std::string> more, const std::string& steps = "40") {
    std::vector<std::string> all{"bench", "points.toml", "--repeats", "2", "--steps", steps};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome bench(std::vector<std::string> more, const std::string& steps = "40") const {
    return binade(words(std::move(more), steps), workspace_);
  }
  std::string bench_file(const std::string& name) const { return contents(run_directory(workspace_, "points") / name); }

  TemporaryFolder workspace_;
};

TEST_F(Bench, ComparesInATableAndFailsAtItsGate) {
  const auto outcome = bench({"--precision", "fp32,bf16", "--speedup", "1000", "--gate"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("bench of points: fp32, bf16 on cpu, finished"),
                                 HasSubstr("2 of 2 repeats (seeds 1337 to 1338), 40 steps each, of which the first 4"),
                                 HasSubstr("bf16 against fp32"), HasSubstr(">= 1000x"), HasSubstr("bench.json")));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("note: fp32, repeat 1 of 2, "), HasSubstr("note: fp32, repeat 2 of 2, "),
                                 HasSubstr(" left\n")));
  EXPECT_LT(outcome.err.find("bf16, repeat 2"), outcome.err.find("fp32, repeat 2")) << "the order alternates";

  const auto result = json::parse(bench_file("bench.json"));
  EXPECT_EQ(result["contenders"][1]["precision"], "bf16") << "no fallback";
  EXPECT_FALSE(result["all_met"]);
  const auto& run = result["repeats"][0]["runs"][1];
  const std::filesystem::path directory = run["directory"];
  EXPECT_FALSE(std::filesystem::exists(directory / "best.safetensors"));
  const auto summary = summary_of(directory);
  EXPECT_EQ(summary["steps"], 40);
  EXPECT_EQ(summary["initial_parameters_sha256"], result["repeats"][0]["initial_parameters_sha256"]);
  EXPECT_EQ(summary["peak_tensor_bytes"], run["peak_memory_bytes"]["allocator"]);
  EXPECT_NE(summary["initial_parameters_sha256"], result["repeats"][1]["initial_parameters_sha256"]) << "another seed";
  EXPECT_NE(result["repeats"][0]["samples_hash"], result["repeats"][1]["samples_hash"]);
}

TEST_F(Bench, PassesItsGateAndSaysAllOfItAsJson) {
  const auto outcome = bench({"--precision", "bf16,fp32", "--speedup", "1e-9", "--memory", "-1000", "--accuracy", "1.5",
                              "--loss", "1000", "--gate", "--json", "--warmup", "7", "--set", "train.epochs=1", "--set",
                              "train.max_time=\"1ms\""});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto result = json::parse(outcome.out);
  EXPECT_EQ(result, json::parse(bench_file("bench.json")));
  EXPECT_EQ(result["state"], "finished");
  EXPECT_EQ(result["baseline"], "bf16");
  EXPECT_EQ(result["steps"], 40);
  EXPECT_EQ(result["warmup_steps"], 7);
  EXPECT_EQ(result["repeats"].size(), 2u);
  EXPECT_EQ(result["contenders"][0]["against_baseline"], nullptr);
  for (const auto& contender : result["contenders"]) {
    EXPECT_TRUE(contender["learned"]) << contender;
    EXPECT_GT(contender["samples_per_second"], 0);
    EXPECT_GT(contender["peak_memory_bytes"]["allocator"], 1000);
    EXPECT_GT(contender["peak_memory_bytes"]["process"], contender["peak_memory_bytes"]["allocator"]);
  }
  for (const auto* criterion : {"speedup", "allocator_memory", "accuracy", "loss"}) {
    const auto& comparison = result["contenders"][1]["against_baseline"][criterion];
    EXPECT_EQ(comparison["verdict"], "met") << criterion << comparison;
    EXPECT_LE(comparison["low"], comparison["value"]);
    EXPECT_LE(comparison["value"], comparison["high"]);
  }
  EXPECT_THAT(bench_file("bench.prom"), HasSubstr("binade_bench_speedup_ratio{"));
}

TEST_F(Bench, RefusesContendersThatCannotBeCompared) {
  const auto refused = [&](std::vector<std::string> more, const std::string& text) {
    const auto outcome = bench(std::move(more));
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs")) << "refused before anything is made";
  };
  refused({"--precision", "fp32,bf61"}, "no precision plugin `bf61`, did you mean `bf16`");
  refused({"--precision", "fp32,mlp"}, "`mlp`");
  refused({"--precision", "fp32"}, "needs at least two plugins");
  refused({"--precision", "fp32,bf16,fp32"}, "names `fp32` twice");
  refused({"--precision", "fp32,"}, "has an empty name");
  refused({}, "--precision is required");
  refused({"--precision", "fp32,bf16", "--warmup", "40"}, "leaves none of 40 steps");
  refused({"--precision", "fp32,bf16", "--set", "model.unist=3"}, "unist");
  workspace_.write("points.toml", points_experiment("max_time = \"1s\"\n"));
  auto text = contents(workspace_.path() / "points.toml");
  workspace_.write("timed.toml", text.erase(text.find("steps = 8\n"), 10));
  const auto timed = binade({"bench", "timed.toml", "--precision", "fp32,bf16"}, workspace_);
  EXPECT_EQ(timed.exit_code, 2);
  EXPECT_THAT(timed.err, HasSubstr("give --steps N"));
}

TEST_F(Bench, NeedsNoPrecisionInTheFile) {
  auto text = contents(workspace_.path() / "points.toml");
  const std::string section = "[precision]\nplugin = \"fp32\"\n";
  ASSERT_NE(text.find(section), std::string::npos);
  workspace_.write("points.toml", text.erase(text.find(section), section.size()));
  EXPECT_EQ(binade({"check", "points.toml"}, workspace_).exit_code, 2) << "a run needs it";
  const auto misspelt = bench({"--precision", "fp23,bf16"});
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("there is no precision plugin `fp23`"));
  const auto outcome =
      bench({"--precision", "fp32,bf16", "--accuracy", "off", "--memory", "-1000", "--speedup", "1e-300", "--gate"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const auto result = json::parse(bench_file("bench.json"));
  EXPECT_EQ(result["contenders"][0]["precision"], "fp32");
  EXPECT_EQ(result["contenders"][1]["precision"], "bf16");
  EXPECT_GT(result["contenders"][1]["accuracy"], 0) << "shown, and";
  EXPECT_EQ(result["contenders"][1]["against_baseline"]["accuracy"]["threshold"], nullptr) << "not judged";
}

TEST_F(Bench, TakesANumberOrOffAsAThreshold) {
  for (const std::string flag : {"--speedup", "--memory", "--accuracy", "--loss"}) {
    for (const std::string wrong : {"of", "1x", "nan", ""}) {
      const auto outcome = bench({"--precision", "fp32,bf16", flag, wrong});
      EXPECT_EQ(outcome.exit_code, 2) << flag << " " << wrong;
      EXPECT_THAT(outcome.err, AllOf(HasSubstr(flag), HasSubstr("nor \"off\""))) << flag << " " << wrong;
    }
  }
  EXPECT_EQ(bench({"--precision", "fp32,bf16", "--speedup", "0"}).exit_code, 2);
}

TEST_F(Bench, GivesTheFilesOptionsToItsOwnPluginOnly) {
  const auto outcome = bench({"--precision", "fp16,fp32", "--set", "precision.plugin=fp16", "--set",
                              "precision.init_scale=1024", "--set", "precision.use_amp=false"},
                             "10");
  EXPECT_THAT(outcome.out, HasSubstr("use_amp is ignored")) << outcome.err;
  const auto result = json::parse(bench_file("bench.json"));
  const auto loss_scale = [&](int run) {
    return metrics(result["repeats"][0]["runs"][run]["directory"].get<std::string>())[0]["loss_scale"];
  };
  EXPECT_EQ(result["contenders"][0]["precision"], "fp16");
  EXPECT_EQ(loss_scale(0), 1024);
  EXPECT_EQ(loss_scale(1), 1);
}

TEST_F(Bench, FailsLoudlyWhenNothingWasLearned) {
  const auto outcome = bench({"--precision", "fp32,bf16", "--set", "optimizer.lr=1e-12", "--speedup", "1e-9"});
  EXPECT_EQ(outcome.exit_code, 1) << "even without --gate";
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("fp32 LEARNED NOTHING"), HasSubstr("bf16 LEARNED NOTHING"),
                                 HasSubstr("no verdict"), Not(HasSubstr("met"))));
}

TEST_F(Bench, SaysWhichRunFailedAndWhere) {
  const auto outcome = bench({"--precision", "fp32,bf16", "--set", "dataset.label=nope"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("fp32 failed with seed 1337, exit code 4"), HasSubstr("no column `nope`"),
                                 HasSubstr("seed-1337.log"), HasSubstr("no repeat is complete")));
}

TEST_F(Bench, RefusesToCompareRunsThatBeganWithDifferentWeights) {
  const auto outcome = bench({"--precision", "fp32,bf16", "--set", "model={plugin=\"unseeded\"}"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("bf16 and fp32 cannot be compared: with seed 1337 they began with different"));
}

TEST_F(Bench, StopsItsRunWhenItIsStopped) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder workspace;
    workspace.write("points.csv", points_csv(200));
    workspace.write("points.toml", points_experiment());
    Process process(binade_command(words({"--precision", "fp32,bf16"}, "1000000000")), workspace, with_fixtures());
    const auto log = [&] {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(workspace.path())) {
        if (entry.path().filename() == "seed-1337.log") return contents(entry.path());
      }
      return std::string();
    };
    ASSERT_TRUE(process.wait_until([&] { return log().find("directory") != std::string::npos; })) << process.err();
    process.send(signal);
    const auto outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 128 + signal) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("interrupted, and no repeat is complete"));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(workspace.path())) {
      if (entry.path().filename() == "summary.json") {
        EXPECT_EQ(json::parse(contents(entry.path()))["state"], "interrupted");
      }
    }
  }
}

}  // namespace
}  // namespace binade::testing
