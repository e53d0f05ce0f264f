// What a run does where its experiment leaves something open, or where what it asks for does not exist here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class DefaultsAndFallbacks : public ::testing::Test {
 protected:
  DefaultsAndFallbacks() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
    workspace_.write("tokens.toml",
                     "[model]\nplugin = \"gpt\"\nlayers = 1\nheads = 2\nwidth = 16\n"
                     "[dataset]\nplugin = \"synthetic\"\ntask = \"copy\"\nsequence_length = 9\nvocab_size = 8\n"
                     "samples = 100\n[precision]\nplugin = \"fp32\"\n[optimizer]\nlr = 0.01\n"
                     "[train]\nepochs = 2\nbatch_size = 8\n");
  }

  struct Result {
    Outcome outcome;
    json summary;
    std::vector<json> metrics;
  };
  Result run(const std::string& file, const std::vector<std::string>& overrides = {}) {
    std::filesystem::remove_all(workspace_.path() / "runs");
    std::vector<std::string> arguments{"run", file};
    for (const auto& text : overrides) arguments.insert(arguments.end(), {"--set", text});
    Result result{binade(arguments, workspace_), {}, {}};
    EXPECT_EQ(result.outcome.exit_code, 0) << result.outcome.err;
    const auto directory = run_directory(workspace_, std::filesystem::path(file).stem());
    result.summary = summary_of(directory);
    result.metrics = metrics(directory);
    return result;
  }

  TemporaryFolder workspace_;
};

TEST_F(DefaultsAndFallbacks, Fp32AndFp16StepsLearnAlike) {
  const auto fp32 = run("tokens.toml"), fp16 = run("tokens.toml", {"precision={plugin=\"fp16\", cpu=\"allow\"}"});
  EXPECT_EQ(fp32.metrics.front()["loss_scale"], 1);
  EXPECT_EQ(fp16.metrics.front()["loss_scale"], 65536);
  EXPECT_NEAR(fp16.summary["final_loss"].get<double>(), fp32.summary["final_loss"].get<double>(), 0.05);
  for (const auto& line : fp16.metrics) {
    if (line["split"] != "train") continue;
    EXPECT_LE(line["clipped_norm"].get<double>(), 1.0 + 1e-4) << line;
    EXPECT_EQ(line["tokens"], 8 * 8) << "9 tokens, of which 8 have a successor";
    EXPECT_FALSE(line["accuracy"].is_null());
  }
}

TEST_F(DefaultsAndFallbacks, AmpWithoutAGpuFallsBackWithAWarning) {
  const auto result = run("points.toml", {"precision.plugin=\"fp16\"", "train.device=\"cpu\""});
  EXPECT_THAT(result.outcome.err, HasSubstr("it runs in fp32"));
  EXPECT_EQ(result.summary["precision"], "fp32");
  EXPECT_FALSE(result.summary["amp_enabled"].get<bool>());
}

TEST_F(DefaultsAndFallbacks, TheDefaultOptimizerIsAdamWAndCosineEndsAtItsLowest) {
  const auto result = run("points.toml", {"schedule.name=\"cosine\"", "train.steps=20", "optimizer={lr=0.01}"});
  EXPECT_DOUBLE_EQ(result.metrics.front()["lr"].get<double>(), 0.01);
  const auto last = result.metrics.at(19);
  EXPECT_NEAR(last["lr"].get<double>(), 0.01 * 0.5 * (1 + std::cos(M_PI * 19 / 20)), 1e-9);
  const auto shown = binade({"config", "points.toml"}, workspace_);
  EXPECT_THAT(shown.out, HasSubstr("name = \"adamw\""));
}

TEST_F(DefaultsAndFallbacks, AFifthIsHeldBackWhereThereIsNoValidationData) {
  const auto result = run("tokens.toml");
  EXPECT_THAT(result.outcome.out, HasSubstr("80 samples to train on, 20 to validate with"));
  ASSERT_EQ(result.summary["epochs"].size(), 2u);
  for (const auto& epoch : result.summary["epochs"]) EXPECT_FALSE(epoch["validation_loss"].is_null());
}

TEST_F(DefaultsAndFallbacks, SyntheticDataIsUsedWhereNoneIsNamed) {
  for (const std::string model : {"mlp", "gpt"}) {
    workspace_.write("bare.toml", "[model]\nplugin = \"" + model +
                                      "\"\n[precision]\nplugin = \"fp32\"\n"
                                      "[train]\nsteps = 3\nbatch_size = 4\n");
    const auto result = run("bare.toml");
    EXPECT_THAT(result.outcome.err, HasSubstr("synthetic data")) << model;
    EXPECT_EQ(result.summary["steps"], 3) << model;
  }
}

TEST_F(DefaultsAndFallbacks, TheSummaryHasEveryResult) {
  const auto result = run("tokens.toml", {"precision={plugin=\"fp16\", cpu=\"allow\"}"});
  for (const auto* key : {"initial_loss", "final_loss", "seconds", "samples_per_second", "best_epoch", "loss_scale"}) {
    EXPECT_TRUE(result.summary.at(key).is_number()) << key;
  }
  EXPECT_TRUE(result.summary["amp_enabled"].get<bool>());
  // The histories of loss and gradient norm are the lines of metrics.jsonl.
  EXPECT_EQ(result.metrics.front()["loss"], result.summary["initial_loss"]);
  EXPECT_TRUE(result.metrics.front()["grad_norm"].is_number());
  const auto& epochs = result.summary["epochs"];
  const auto best = result.summary["best_epoch"].get<std::size_t>();
  for (const auto& epoch : epochs) EXPECT_LE(epochs[best]["validation_loss"], epoch["validation_loss"]);
}

TEST_F(DefaultsAndFallbacks, AMissingEndpointNeverDisturbsTraining) {
  const auto with = run("tokens.toml"), without = run("tokens.toml", {"metrics.enabled=false"}),
             taken = run("tokens.toml", {"metrics.listen=\"192.0.2.1:1\"", "metrics.allow_remote=true"});
  EXPECT_THAT(taken.outcome.err, HasSubstr("NO METRICS ENDPOINT"));
  EXPECT_EQ(without.summary["parameters_sha256"], with.summary["parameters_sha256"]);
  EXPECT_EQ(taken.summary["parameters_sha256"], with.summary["parameters_sha256"]);
}

TEST_F(DefaultsAndFallbacks, TheDefaultClipNormIsOne) {
  const auto shown = binade({"config", "points.toml"}, workspace_);
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("clip_norm = 1.0"));
}

TEST_F(DefaultsAndFallbacks, LossPerplexityAccuracyRateNormAndTimesAreTracked) {
  const auto result = run("tokens.toml");
  const auto& step = result.metrics.front();
  for (const auto* key : {"loss", "accuracy", "lr", "grad_norm", "seconds"})
    EXPECT_TRUE(step.at(key).is_number()) << key;
  EXPECT_NEAR(result.summary["final_perplexity"].get<double>(), std::exp(result.summary["final_loss"].get<double>()),
              1e-9);
  EXPECT_NEAR(result.summary["validation_perplexity"].get<double>(),
              std::exp(result.summary["validation_loss"].get<double>()), 1e-9);
  for (const auto& epoch : result.summary["epochs"]) EXPECT_GT(epoch["seconds"].get<double>(), 0);
  EXPECT_GT(result.summary["peak_memory_bytes"].get<double>(), 1e7);
}

TEST_F(DefaultsAndFallbacks, ADatasetWithMoreTokensThanTheModelIsRefusedBeforeTraining) {
  const auto outcome = binade({"run", "tokens.toml", "--set", "model.vocab_size=5"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the dataset has 8 different tokens, but the model's embedding has rows for 5"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("index out of range")));
}

}  // namespace
}  // namespace binade::testing
