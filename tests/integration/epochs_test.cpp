// An epoch is every training sample once, for everything that counts epochs.
#include <gmock/gmock.h>

#include <map>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t samples = 71;  // of 88 rows

class Epochs : public InterruptedRuns {
 protected:
  Epochs() {
    workspace_.write("points.csv", points_csv(88));
    workspace_.write("points.toml", points_experiment("threads = 1\n"));
  }

  static std::vector<std::string> settings(int batch_size, int accumulate, const std::vector<std::string>& more) {
    auto all = more;
    all.push_back("train.batch_size=" + std::to_string(batch_size));
    all.push_back("train.accumulate=" + std::to_string(accumulate));
    all.emplace_back("train.steps=1000000");
    return all;
  }

  // Lines of metrics.jsonl by their split.
  static std::map<std::string, std::vector<json>> lines_of(const Ran& ran) {
    std::map<std::string, std::vector<json>> lines;
    for (const auto& line : all_metrics(ran.directory)) lines[line["split"]].push_back(line);
    return lines;
  }

  // Metrics, evaluations and summary of a run of three epochs agree; each epoch has `in_epoch` samples and `steps`
  // steps.
  static void expect_three_epochs(const Ran& ran, std::uint64_t in_epoch, std::uint64_t steps) {
    ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
    const auto summary = ran.summary();
    EXPECT_EQ(summary["steps"], 3 * steps);
    auto lines = lines_of(ran);
    ASSERT_EQ(lines["train"].size(), 3 * steps);
    std::map<std::uint64_t, std::uint64_t> samples_of;
    for (std::uint64_t i = 0; i < 3 * steps; ++i) {
      const auto& line = lines["train"][i];
      EXPECT_EQ(line["epoch"], i / steps) << line;
      EXPECT_EQ(line["epoch_progress"] == 1, i % steps + 1 == steps) << line;
      samples_of[line["epoch"]] += line["samples"].get<std::uint64_t>();
    }
    ASSERT_EQ(summary["epochs"].size(), 3u);
    ASSERT_EQ(lines["validation"].size(), 3u) << "one at the end of each epoch";
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_EQ(samples_of[epoch], in_epoch);
      const auto& row = summary["epochs"][epoch];
      EXPECT_EQ(row["epoch"], epoch);
      EXPECT_EQ(row["steps"], steps * (epoch + 1));
      EXPECT_EQ(lines["validation"][epoch]["step"], row["steps"]);
      EXPECT_EQ(lines["validation"][epoch]["loss"], row["validation_loss"]);
    }
  }
};

TEST_F(Epochs, AreEverySampleOnceHoweverTheStepsFall) {
  struct Case {
    int batch_size, accumulate;
    std::uint64_t steps;
  };
  for (const auto& [batch_size, accumulate, steps] :
       {Case{10, 4, 2}, Case{10, 32, 1}, Case{36, 1, 2}, Case{8, 1, 9}, Case{100, 1, 1}}) {
    const auto name = std::to_string(batch_size) + "-" + std::to_string(accumulate);
    SCOPED_TRACE(name);
    const auto ran = run(name, settings(batch_size, accumulate, {"train.epochs=3", "schedule.name=linear"}));
    expect_three_epochs(ran, samples, steps);
    EXPECT_THAT(ran.outcome.err, Not(HasSubstr("left out")));
    // The schedule ends where the epochs do.
    const auto last = lines_of(ran)["train"].back()["lr"].get<double>();
    EXPECT_NEAR(last, 1e-3 / static_cast<double>(3 * steps), 1e-9);
  }
}

TEST_F(Epochs, LeaveOutAShortLastBatchWhereAsked) {
  const auto ran = run("dropped", settings(36, 1, {"train.epochs=3", "train.drop_last=true"}));
  expect_three_epochs(ran, 36, 1);
  EXPECT_THAT(ran.outcome.err, HasSubstr("35 of 71 samples are left out of each epoch"));
  expect_three_epochs(run("accumulated", settings(10, 4, {"train.epochs=3", "train.drop_last=true"})), 70, 2);
}

TEST_F(Epochs, OfDrawsWithReplacementHaveAsManyDraws) {
  expect_three_epochs(run("drawn", settings(10, 4, {"train.epochs=3", "train.sampling=replacement"})), samples, 2);
}

TEST_F(Epochs, EarlyStoppingCountsTheirEnds) {
  const auto ran = run(
      "early",
      settings(10, 4, {"train.epochs=50", "optimizer.lr=1e-9", "train.early_stopping={patience=2, min_delta=0.1}"}));
  EXPECT_EQ(ran.summary()["steps"], 6) << "after the first epoch two without improvement";
}

TEST_F(Epochs, ABatchNormalizationThatGetsOneSampleSaysWhatToDo) {
  const std::vector<std::string> one_left{"model={plugin=\"batch_norm\"}", "train.batch_size=10", "train.epochs=2"};
  const auto failed = run("lone", one_left);
  EXPECT_EQ(failed.outcome.exit_code, 1);
  EXPECT_THAT(failed.outcome.err,
              AllOf(HasSubstr("the last batch of each epoch has one sample"),
                    HasSubstr("Expected more than 1 value per channel when training"),
                    HasSubstr("the last batch of epoch 0, which has 1 sample where the others have 10: [train] "
                              "drop_last = true leaves it out")));
  auto dropped = one_left;
  dropped.emplace_back("train.drop_last=true");
  const auto ran = run("dropped", dropped);
  EXPECT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, AllOf(HasSubstr("1 of 71 samples are left out"), Not(HasSubstr("has one sample"))));
}

// 71 samples: 2 steps of an epoch, and with half the batch size 4.
TEST_F(Epochs, ResumeWhereTheyWereWhenTheBatchSizeChanges) {
  const auto first = run("changed", settings(36, 1, {"train.epochs=4"}), {"--stop-after", "4"});
  ASSERT_EQ(first.outcome.exit_code, 0) << first.outcome.err;
  const auto ran = resume(first.directory, {"--set", "train.batch_size=18"});
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, HasSubstr("approximate, because train.batch_size was 36 and is 18"));
  const auto summary = ran.summary();
  EXPECT_EQ(summary["steps"], 4 + 8);
  ASSERT_EQ(summary["epochs"].size(), 4u);
  for (std::uint64_t epoch = 0; epoch < 4; ++epoch) EXPECT_EQ(summary["epochs"][epoch]["epoch"], epoch);
}

TEST_F(Epochs, ThatAreAllDoneAreSaidToBe) {
  const auto first = run("done", settings(36, 1, {"train.epochs=2"}));
  const auto again = resume(first.directory);
  EXPECT_EQ(again.outcome.exit_code, 0) << again.outcome.err;
  EXPECT_THAT(again.outcome.err, HasSubstr("all 2 epochs are done already; `--set train.epochs=4` trains on"));
  EXPECT_EQ(resume(first.directory, {"--set", "train.epochs=4"}).summary()["steps"], 8);
}

TEST_F(Epochs, VerifyResumeGoesThroughTheirEnds) {
  for (const char* steps : {"2", "3"}) {  // the end of an epoch, and its middle
    const auto outcome = binade(with({"verify-resume", "points.toml", "--steps", steps},
                                     settings(10, 4, {"train.epochs=10", "train.evaluate_every=2"})),
                                workspace_, with_fixtures());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  }
}

// The file is sorted by class, and so is what is held back of it. All rows look alike, so that the model takes them for
// one class: its accuracy is that class's share of the samples.
TEST_F(Epochs, AnEvaluationOfSomeBatchesIsAFairSampleAndTheSameEachTime) {
  std::string sorted = "x,y,side\n";
  for (int row = 0; row < 1000; ++row) sorted += row < 500 ? "1,1,left\n" : "1,1,right\n";
  workspace_.write("points.csv", sorted);
  const auto ran = run("sorted", {"train.batch_size=16", "train.evaluate_every=1", "train.evaluate_batches=4",
                                  "train.steps=4", "optimizer.lr=1e-12"});
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  const auto evaluations = lines_of(ran)["validation"];
  ASSERT_EQ(evaluations.size(), 4u);
  for (const auto& evaluation : evaluations) {
    EXPECT_EQ(evaluation["samples"], 64);
    EXPECT_GT(evaluation["accuracy"].get<double>(), 0.25);
    EXPECT_LT(evaluation["accuracy"].get<double>(), 0.75);
    EXPECT_EQ(evaluation["accuracy"], evaluations.front()["accuracy"]);
    EXPECT_NEAR(evaluation["loss"].get<double>(), evaluations.front()["loss"].get<double>(), 1e-6);
  }
}

}  // namespace
}  // namespace binade::testing
