// What [train], [optimizer] and [precision] ask for, seen in what a run leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
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

// Losses of each evaluated split in metrics.jsonl, in order.
std::map<std::string, std::vector<double>> losses(const std::filesystem::path& run) {
  std::map<std::string, std::vector<double>> found;
  for (const auto& line : metrics(run)) {
    if (line["split"] != "train") found[line["split"]].push_back(line["loss"]);
  }
  return found;
}

TEST_F(Training, EverySplitIsEvaluatedAndTheHeldOutOnesOnceWithTheBestWeights) {
  const std::string dataset = R"(dataset={plugin="several_splits"})", task = R"(task={loss="cross_entropy"})";
  // The learning rate is so high that the last weights are not the best ones.
  const auto summary = trained({dataset, task, "train.evaluate_every=2", "train.steps=12", "optimizer.lr=1.5"});
  const auto found = losses(run_directory(workspace_, "points"));
  EXPECT_EQ(found.at("validation").size(), 6u);
  EXPECT_EQ(found.at("validation_late").size(), 6u);
  ASSERT_EQ(found.at("test").size(), 1u);
  ASSERT_EQ(found.at("holdout").size(), 1u);
  const auto& test = summary["held_out"]["test"];
  EXPECT_EQ(test["loss"], found.at("test").front());
  EXPECT_EQ(test["samples"], 30);
  EXPECT_EQ(test["weights_step"], summary["best_step"]);
  ASSERT_LT(summary["best_step"], summary["steps"]);
  // A run that ends at the best step has the same weights, and so the same losses.
  const auto shorter = trained(
      {dataset, task, "train.evaluate_every=2", "optimizer.lr=1.5", "train.steps=" + summary["best_step"].dump()});
  EXPECT_EQ(shorter["held_out"], summary["held_out"]);
}

TEST_F(Training, SplitsAreWhatTheExperimentSays) {
  const auto outcome = start({"split={validation=0.1, test=0.25, stratify=true}"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("130 samples to train on, 20 to validate with"));
  EXPECT_THAT(outcome.out, HasSubstr("  test "));
  EXPECT_EQ(summary_of(run_directory(workspace_, "points"))["held_out"]["test"]["samples"], 50);
  const auto unknown = start({"split={group_by=\"customer\"}"});
  EXPECT_EQ(unknown.exit_code, 1) << unknown.err;
  EXPECT_THAT(unknown.err, HasSubstr("customer"));
}

class CrossValidation : public Training {
 protected:
  // The folder that a cross-validation made.
  std::filesystem::path folder() {
    for (const auto& entry : std::filesystem::directory_iterator(workspace_.path() / "runs" / "points")) {
      if (contains(entry.path().filename().string(), "folds-")) return entry.path();
    }
    return {};
  }
};

TEST_F(CrossValidation, ValidatesWithEachFoldAndReportsMeans) {
  const auto outcome = start({"split={stratify=true, test=0.1}"}, {"--folds", "3"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("mean validation_accuracy"));
  const auto summary = summary_of(folder());
  EXPECT_EQ(summary["state"], "finished");
  ASSERT_EQ(summary["runs"].size(), 3u);
  double sum = 0;
  std::set<std::string> samples;
  for (const auto& run : summary["runs"]) {
    const auto own = summary_of(run["directory"].get<std::string>());
    EXPECT_EQ(run["validation_loss"], own["validation_loss"]);
    EXPECT_EQ(own["held_out"]["test"]["samples"], 20);
    sum += own["validation_loss"].get<double>();
    samples.insert(own["data"].dump());
  }
  EXPECT_EQ(samples.size(), 3u) << "each fold has other samples";
  const auto& mean = summary["means"]["validation_loss"];
  EXPECT_NEAR(mean["mean"].get<double>(), sum / 3, 1e-12);
  EXPECT_LT(mean["low"], mean["mean"]);
  EXPECT_GT(mean["high"], mean["mean"]);
}

TEST_F(CrossValidation, AFoldThatFailsEndsItWithItsWords) {
  const auto outcome = start({"model.features=7"}, {"--folds", "2"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("fold 1 of 2 failed with exit code 1"));
  EXPECT_EQ(summary_of(folder())["state"], "failed");
}

TEST_F(CrossValidation, RefusesWhatDoesNotBelongTogether) {
  const auto fold = start({"split.fold=1"}, {"--folds", "2"});
  EXPECT_EQ(fold.exit_code, 2);
  EXPECT_THAT(fold.err, HasSubstr("`split.fold` must not be given"));
  EXPECT_EQ(start({}, {"--folds", "2", "--dry-run"}).exit_code, 2);
  EXPECT_EQ(start({}, {"--folds", "1"}).exit_code, 2);
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
