// Regression on a csv file whose target is large: [dataset] standardize_target, and what stands beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int houses = 200;
int rooms_of(int row) { return row * 37 % 11; }
int age_of(int row) { return row * 53 % 97; }
int price_of(int row) { return 100000 + 9000 * rooms_of(row) - 300 * age_of(row); }

double mean_price() {
  double sum = 0;
  for (int row = 0; row < houses; ++row) sum += price_of(row);
  return sum / houses;
}

// `shift`: added to each price.
std::string houses_csv(int shift = 0) {
  std::string text = "rooms,age,price\n";
  for (int row = 0; row < houses; ++row) {
    text += std::to_string(rooms_of(row)) + "," + std::to_string(age_of(row)) + "," +
            std::to_string(price_of(row) + shift) + "\n";
  }
  return text;
}

class Regression : public ::testing::Test {
 protected:
  Regression() {
    workspace_.write("points.csv", houses_csv());
    workspace_.write("points.toml", points_experiment("[optimizer]\nlr = 0.01\n[metrics]\nenabled = false\n"));
  }

  Outcome start(std::vector<std::string> arguments, const std::vector<std::string>& overrides) {
    arguments.insert(arguments.begin() + 1, "points.toml");
    for (const auto& text : with(overrides)) {
      arguments.emplace_back("--set");
      arguments.push_back(text);
    }
    return binade(arguments, workspace_);
  }
  static std::vector<std::string> with(std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), {"dataset.task=\"regression\"", "model.classes=1"});
    return overrides;
  }
  std::filesystem::path run_of() { return run_directory(workspace_, "points"); }
  json summary() { return summary_of(run_of()); }

  TemporaryFolder workspace_;
};

// The deviation of all prices, and so the root of the loss of a model that always says their mean, is some 30000.
constexpr double variance = 30000.0 * 30000.0;

TEST_F(Regression, ALargeTargetIsLearnedWhereItIsStandardizedAndLossesAreInItsOwnUnits) {
  const auto outcome =
      start({"run"}, {"dataset.standardize_target=true", "train.steps=150", "train.evaluate_every=50"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("the target `label` is standardized: mean 1"), Not(HasSubstr("of the size"))));
  const auto standardized = summary();
  EXPECT_GT(standardized["initial_loss"], variance / 10) << "as large as the prices";
  EXPECT_LT(standardized["validation_loss"], variance / 20);
  EXPECT_GT(standardized["validation_loss"], 1000);
  const double mean = standardized["standardized_target"]["mean"][0];
  EXPECT_NEAR(mean, mean_price(), 10000);
  EXPECT_GT(std::abs(mean - mean_price()), 1e-3) << "a fifth of the houses validate, and are not looked at";
  EXPECT_NEAR(standardized["standardized_target"]["deviation"][0].get<double>(), 30000, 5000);
  for (const auto& line : metrics(run_of())) EXPECT_GT(line["loss"], 1000) << line;
}

TEST_F(Regression, ALargeTargetThatIsLeftAsItIsIsWarnedOf) {
  const auto outcome = start({"run"}, {"train.steps=3"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("the target `label` is of the size 1"), HasSubstr("standardize_target = true")));
  EXPECT_EQ(summary()["standardized_target"], nullptr);
}

TEST_F(Regression, AResumedRunKeepsTheScaleThatItBeganWith) {
  ASSERT_EQ(start({"run", "--stop-after", "3"}, {"dataset.standardize_target=true"}).exit_code, 0);
  const auto before = summary()["standardized_target"];
  workspace_.write("points.csv", houses_csv(1000000));
  const auto resumed = binade({"resume", run_of().string()}, workspace_);
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(summary()["standardized_target"], before);
}

TEST_F(Regression, VerifyResumeProvesAStandardizedTargetADampenedMomentumAndACycledOne) {
  const std::vector<std::string> sgd{"dataset.standardize_target=true",
                                     "optimizer={name=\"sgd\", lr=0.01, momentum=0.9, dampening=0.4}"};
  const std::vector<std::string> cycled{"dataset.standardize_target=true",
                                        "schedule={name=\"one_cycle\", cycle_momentum=true}"};
  for (const auto& overrides : {sgd, cycled}) {
    const auto outcome = start({"verify-resume", "--steps", "6"}, overrides);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("DIFFER")));
  }
}

TEST_F(Regression, OfClassesThereIsNothingToStandardize) {
  workspace_.write("points.csv", points_csv(60));
  const auto outcome = binade({"run", "points.toml", "--set", "dataset.standardize_target=true"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("[dataset] standardize_target needs [task] loss = \"mse\", not \"cross_entropy\""));
}

TEST_F(Regression, PassesTheGateOfABenchmarkWithoutAnAccuracyToJudge) {
  const std::vector<std::string> words{"bench",     "--precision", "fp32,bf16", "--repeats", "2",      "--steps", "40",
                                       "--speedup", "1e-300",      "--memory",  "off",       "--gate", "--json"};
  const auto outcome = start(words, {"dataset.standardize_target=true"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const auto result = json::parse(outcome.out);
  EXPECT_TRUE(result["all_met"]);
  const auto& compared = result["contenders"][1]["against_baseline"];
  EXPECT_EQ(compared["speedup"]["verdict"], "met");
  for (const char* criterion : {"accuracy", "allocator_memory"}) {
    EXPECT_EQ(compared[criterion]["threshold"], nullptr) << criterion;
    EXPECT_EQ(compared[criterion]["verdict"], nullptr) << criterion;
  }
  EXPECT_THAT(result["advice"].dump(), HasSubstr("--loss X"));
}

}  // namespace
}  // namespace binade::testing
