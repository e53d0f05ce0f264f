// What [train], [optimizer] and [precision] ask for, seen in what a run leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class Training : public ::testing::Test {
 protected:
  Training() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
  }

  Outcome start(const std::vector<std::string>& overrides, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"run", "points.toml"});
    for (const auto& text : overrides) {
      arguments.emplace_back("--set");
      arguments.push_back(text);
    }
    return binade(arguments, workspace_);
  }

  json trained(const std::vector<std::string>& overrides) {
    std::filesystem::remove_all(workspace_.path() / "runs");
    const auto outcome = start(overrides);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return summary_of(run_directory(workspace_, "points"));
  }

  std::set<std::string> files() {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(run_directory(workspace_, "points"))) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  TemporaryFolder workspace_;
};

TEST_F(Training, EpochsEndWithAnEvaluationAndStandInTheSummary) {
  const auto summary = trained({"train.epochs=3", "train.steps=1000000"});
  ASSERT_EQ(summary["epochs"].size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& epoch = summary["epochs"][i];
    EXPECT_EQ(epoch["epoch"], i);
    EXPECT_EQ(epoch["steps"], 10 * (i + 1));  // 160 samples, batches of 16
    EXPECT_GT(epoch["train_loss"].get<double>(), 0);
    EXPECT_GT(epoch["validation_loss"].get<double>(), 0);
    EXPECT_GT(epoch["train_accuracy"].get<double>(), 0);
    EXPECT_GT(epoch["seconds"].get<double>(), 0);
  }
  EXPECT_NEAR(summary["validation_perplexity"].get<double>(), std::exp(summary["validation_loss"].get<double>()), 1e-9);
  EXPECT_EQ(summary["epochs"][summary["best_epoch"].get<std::size_t>()]["validation_loss"],
            summary["best_validation_loss"]);
  EXPECT_GT(summary["peak_memory_bytes"].get<double>(), 1e6);
  EXPECT_FALSE(summary["amp_enabled"].get<bool>());
}

TEST_F(Training, ThePerplexityOfSmoothedLabelsIsThatOfTheUnsmoothedLossBesideTheirs) {
  const auto plain = trained({});
  EXPECT_EQ(plain["final_unsmoothed_loss"], plain["final_loss"]);
  EXPECT_FALSE(metrics(run_directory(workspace_, "points"))[0].contains("scalars"));
  const auto summary = trained({"task.label_smoothing=0.2"});
  const auto last = metrics(run_directory(workspace_, "points"))[7];
  EXPECT_EQ(last["loss"], summary["final_loss"]);
  EXPECT_EQ(last["scalars"]["unsmoothed_loss"], summary["final_unsmoothed_loss"]);
  EXPECT_NE(summary["final_unsmoothed_loss"], summary["final_loss"]);
  EXPECT_NEAR(summary["final_perplexity"].get<double>(), std::exp(summary["final_unsmoothed_loss"].get<double>()),
              1e-9);
  EXPECT_NEAR(summary["validation_perplexity"].get<double>(), std::exp(summary["validation_loss"].get<double>()), 1e-9);
}

TEST_F(Training, CheckAndTheStartWarnOfADoubtfulPlan) {
  const auto warmup = "warmup_steps = 2000 uses up all ";
  const std::vector<std::string> schedule{"--set", "schedule={name=\"cosine\", warmup_steps=2000}"};
  const auto warned = [&](std::vector<std::string> words, const std::vector<std::string>& more = {}) {
    for (const auto* part : {&schedule, &more}) words.insert(words.end(), part->begin(), part->end());
    const auto outcome = binade(words, workspace_);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto first = outcome.err.find(warmup);
    EXPECT_EQ(outcome.err.find(warmup, first == std::string::npos ? first : first + 1), std::string::npos) << "twice";
    return first == std::string::npos ? std::string() : outcome.err.substr(first + std::string(warmup).size(), 8);
  };
  EXPECT_EQ(warned({"check", "points.toml"}), "8 steps:");
  EXPECT_EQ(warned({"run", "points.toml", "--dry-run"}), "8 steps:");
  auto text = contents(workspace_.path() / "points.toml");
  workspace_.write("points.toml", text.replace(text.find("steps = 8"), 9, "epochs = 1"));
  EXPECT_EQ(warned({"check", "points.toml"}), "") << "how many that are only the data tells";
  EXPECT_EQ(warned({"run", "points.toml", "--dry-run"}), "10 steps");
}

TEST_F(Training, KeepsBestAndAverageWeightsWhereAsked) {
  trained({"train.evaluate_every=4", "train.ema_decay=0.9"});
  EXPECT_THAT(files(), IsSupersetOf({"best.safetensors", "average.safetensors", "weights.safetensors"}));
}

TEST_F(Training, StopsEarly) {
  const auto summary = trained({"train.steps=100000", "train.evaluate_every=2", "optimizer.lr=1e-9",
                                "train.early_stopping={patience=2, min_delta=0.1}"});
  EXPECT_EQ(summary["steps"], 6);
  EXPECT_THAT(summary["stop_reason"].get<std::string>(), HasSubstr("early stopping"));
}

TEST_F(Training, FreezesByNameAndSaysWhichNamesThereAre) {
  const auto all = trained({}), frozen = trained({"train.freeze=[\"*.bias\"]"});
  EXPECT_LT(frozen["parameters"], all["parameters"]);
  const auto wrong = start({"train.freeze=[\"*.bais\"]"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("`*.bais` matches no parameter that is trained"));
}

TEST_F(Training, EachOptimizerAndScheduleLearns) {
  for (const std::string name : {"adamw", "adam", "sgd", "adagrad", "rmsprop"}) {
    const auto lr = name == "sgd" ? "0.1" : "0.01";
    const auto summary = trained({"optimizer={name=\"" + name + "\", lr=" + lr + "}", "train.steps=60"});
    EXPECT_LT(summary["final_loss"], summary["initial_loss"]) << name;
  }
  for (const std::string keys : {"name=\"linear\"", "name=\"step\", step_size=20", "name=\"one_cycle\""}) {
    const auto summary = trained({"schedule={" + keys + "}"});
    EXPECT_LT(summary["final_loss"], summary["initial_loss"]) << keys;
  }
}

TEST_F(Training, DryRunGoesThroughEverythingAndLeavesNothing) {
  const auto outcome = start({"train.steps=1000000", "train.evaluate_every=500"}, {"--dry-run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("dry run: one step (loss 0."));
  EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs"));
}

TEST_F(Training, NamesTheSampleWhoseLabelIsNotAClassWithoutAStackTrace) {
  const auto outcome = start({"model.classes=1"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("of the dataset has the label 1, but the model's classes are 0 to 0"));
  EXPECT_THAT(outcome.err, ::testing::Not(HasSubstr("frame #")));
  const auto narrow = start({"model.features=7"});
  EXPECT_EQ(narrow.exit_code, 1);
  EXPECT_THAT(narrow.err, ::testing::Not(HasSubstr("frame #")));
}

TEST_F(Training, UseAmpAsksForHalfPrecisionWhateverThePlugin) {
  EXPECT_EQ(trained({"precision.use_amp=true", "precision.cpu=\"allow\""})["precision"], "fp16");
  const auto fallback = start({"precision.use_amp=true"});
  EXPECT_EQ(fallback.exit_code, 0) << fallback.err;
  EXPECT_THAT(fallback.err, HasSubstr("it runs in fp32"));
}

}  // namespace
}  // namespace binade::testing
