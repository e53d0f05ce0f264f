// Mixed precision in whole runs: what it does, and what it reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Amp : public ::testing::Test {
 protected:
  Amp() { workspace_.write("points.csv", points_csv(200)); }

  Outcome run(const std::string& precision, const std::vector<std::string>& overrides = {}) {
    workspace_.write("points.toml", points_experiment());
    std::vector<std::string> arguments{"run", "points.toml", "--set", "precision={" + precision + "}"};
    for (const auto& text : overrides) arguments.insert(arguments.end(), {"--set", text});
    return binade(arguments, workspace_);
  }
  std::filesystem::path directory() const { return run_directory(workspace_, "points"); }
  json summary() const { return summary_of(directory()); }
  std::vector<json> lines(const std::string& split) const {
    auto all = all_metrics(directory());
    std::erase_if(all, [&](const json& line) { return line["split"] != split; });
    return all;
  }

  TemporaryFolder workspace_;
};

const char* const too_high = "plugin=\"fp16\", cpu=\"allow\", init_scale=1e6";

TEST_F(Amp, AProvokedOverflowIsReportedInWordsInTheFileAndInTheSummary) {
  const auto outcome = run(too_high);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("step 1 skipped: overflow in `"), HasSubstr("at loss scale 1e+06"),
                                 HasSubstr("1st skip in 1 steps; expected while the scale calibrates")));
  EXPECT_THAT(outcome.out, HasSubstr("by overflow in "));
  const auto first = lines("train").front();
  EXPECT_EQ(first["skip_cause"], "overflow");
  EXPECT_TRUE(first["skip_parameter"].is_string());
  EXPECT_EQ(first["next_loss_scale"], 5e5);
  const auto skips = summary()["skips"];
  ASSERT_FALSE(skips.empty());
  EXPECT_EQ(skips[0]["cause"], "overflow");
  std::uint64_t steps = 0;
  for (const auto& skip : skips) steps += skip["steps"].get<std::uint64_t>();
  EXPECT_EQ(steps, summary()["skipped_steps"]);
}

TEST_F(Amp, TheScaleStopsAtItsFloorAndThatIsNoLongerExpected) {
  const auto outcome = run("plugin=\"fp16\", cpu=\"allow\", init_scale=1e9, min_scale=1e9");
  EXPECT_EQ(outcome.exit_code, 1) << "no step could be applied";
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("warning"), HasSubstr("the scale is at its floor")));
  for (const auto& line : lines("train")) EXPECT_EQ(line["next_loss_scale"], 1e9);
}

TEST_F(Amp, GradientsAreSampledByPartOfTheModel) {
  ASSERT_EQ(run(too_high, {"metrics.sample_gradients_every=5"}).exit_code, 0);
  const auto samples = lines("gradients");
  ASSERT_GE(samples.size(), 2u);
  EXPECT_EQ(samples[0]["step"], 1);
  EXPECT_EQ(samples[1]["step"], 6);
  EXPECT_EQ(samples[0]["loss_scale"], 1e6);
  double overflow = 0;
  for (const auto& [name, group] : samples[0]["groups"].items()) {
    overflow = std::max(overflow, group["overflow"].get<double>());
    EXPECT_GT(group["elements"].get<int>(), 0) << name;
  }
  EXPECT_GT(overflow, 0) << "of the step that was skipped";
}

TEST_F(Amp, NoSampleIsTakenWhereNoneIsWanted) {
  ASSERT_EQ(run("plugin=\"fp32\"", {"metrics.sample_gradients_every=0"}).exit_code, 0);
  EXPECT_TRUE(lines("gradients").empty());
}

TEST_F(Amp, AnInvalidScaleFromThePolicyIsRefusedCountedAndReported) {
  const auto outcome = run("plugin=\"nonsense_scales\", cpu=\"allow\"");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("returned an invalid loss scale"));
  const auto told = outcome.err.find("invalid loss scale");
  EXPECT_EQ(outcome.err.find("invalid loss scale", told + 1), std::string::npos) << "once";
  EXPECT_GT(summary()["refused_scales"].get<int>(), 1);
  for (const auto& line : lines("train")) EXPECT_GT(line["next_loss_scale"].get<double>(), 0);
}

TEST_F(Amp, APolicyThatMeasuresFindsItsScaleWithoutGrowingIntoAnOverflow) {
  const auto outcome = run("plugin=\"fp16_headroom\", cpu=\"allow\", every=2");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(summary()["loss_scale"], 65536);
  EXPECT_EQ(summary()["refused_scales"], 0);
}

TEST_F(Amp, TheHostsOwnChoiceIsReportedWithItsReasonAndRecorded) {
  const auto outcome = run("plugin=\"auto\"");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("[precision] chose "), HasSubstr("a matrix product takes")));
  EXPECT_THAT(summary()["precision_reason"].get<std::string>(), HasSubstr("a matrix product takes"));
  EXPECT_THAT(contents(directory() / "experiment.toml"), HasSubstr("plugin = \"auto\""));
  EXPECT_THAT(contents(directory() / "experiment.lock"), Not(HasSubstr("kind = \"precision\"")));
}

TEST_F(Amp, TheHostsOwnChoiceIsCheckedWithoutAPlugin) {
  workspace_.write("points.toml", points_experiment());
  const auto good = binade({"check", "points.toml", "--set", "precision={plugin=\"auto\"}"}, workspace_);
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("chosen at the start of a run"));
  const auto bad = binade({"check", "points.toml", "--set", "precision={plugin=\"auto\", init_scale=1.0}"}, workspace_);
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("unknown key `init_scale` in [precision]"));
  const auto close = binade({"check", "points.toml", "--set", "precision={plugin=\"atuo\"}"}, workspace_);
  EXPECT_THAT(close.err, HasSubstr("did you mean \"auto\"?"));
}

TEST_F(Amp, Fp16InAPolicyThatDoesNotScaleIsAnError) {
  const auto outcome = run("plugin=\"bf16\", cpu=\"allow\", operations={linear=\"fp16\"}");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("`linear` in fp16"), HasSubstr("without scaling the loss")));
}

TEST_F(Amp, ScalingBf16IsAnError) {
  const auto outcome = run("plugin=\"scaled_bf16\", cpu=\"allow\"");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("precision `scaled_bf16`: asks for loss scaling, which only fp16 needs"));
}

}  // namespace
}  // namespace binade::testing
