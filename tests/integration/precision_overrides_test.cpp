// [precision.overrides] and [precision.operations] in real runs, told by the weights that come out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PrecisionOverrides : public ::testing::Test {
 protected:
  PrecisionOverrides() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment());
  }

  Outcome start(const std::vector<std::string>& overrides, const std::string& verb = "run") {
    std::filesystem::remove_all(workspace_.path() / "runs");
    std::vector<std::string> arguments{verb, "points.toml"};
    for (const auto& text : overrides) {
      arguments.emplace_back("--set");
      arguments.push_back(text);
    }
    return binade(arguments, workspace_);
  }
  // The hash of the weights after a run under `plugin`, allowed on the CPU; `err_` keeps what it said.
  std::string weights(const std::string& plugin, std::vector<std::string> overrides = {}) {
    overrides.push_back("precision.plugin=" + plugin);
    overrides.emplace_back("precision.cpu=allow");
    const auto outcome = start(overrides);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    err_ = outcome.err;
    return summary_of(run_directory(workspace_, "points"))["parameters_sha256"];
  }

  TemporaryFolder workspace_;
  std::string err_;
};

TEST_F(PrecisionOverrides, OfAllParametersMakeABf16RunAnFp32RunAndTheOtherWayRound) {
  const auto fp32 = weights("fp32"), bf16 = weights("bf16");
  EXPECT_NE(fp32, bf16);
  EXPECT_EQ(weights("bf16", {"precision.overrides.\"*\"=fp32"}), fp32);
  EXPECT_THAT(err_, Not(HasSubstr("arning")));
  EXPECT_EQ(weights("fp32", {"precision.overrides.\"*\"=bf16"}), bf16);
  const auto last = weights("bf16", {"precision.overrides.\"output.*\"=fp32"});
  EXPECT_NE(last, fp32);
  EXPECT_NE(last, bf16);
}

TEST_F(PrecisionOverrides, OfAnOperationHoldForAllItsCalls) {
  EXPECT_EQ(weights("bf16", {"precision.operations.linear=fp32"}), weights("fp32"));
}

TEST_F(PrecisionOverrides, OfAPolicyHoldUnlessTheExperimentSaysOtherwise) {
  const auto fp32 = weights("fp32"), bf16 = weights("bf16");
  EXPECT_EQ(weights("opinionated"), fp32);
  EXPECT_EQ(weights("opinionated", {"precision.overrides.\"*\"=bf16"}), bf16);
  EXPECT_EQ(weights("opinionated", {"precision.operations.linear=bf16"}), bf16);
  EXPECT_EQ(weights("opinionated", {"precision.name=nothing"}), bf16) << "a policy need not match";
}

TEST_F(PrecisionOverrides, StandInTheFileAndItsIncludesAndInTheResolvedExperiment) {
  workspace_.write("base.toml", points_experiment() + "[precision.overrides]\n\"*\" = \"bf16\"\n");
  workspace_.write("points.toml",
                   "include = [\"base.toml\"]\n[precision.overrides]\n\"output.*\" = \"fp32\"\n[precision.operations]\n"
                   "relu = \"fp32\"\n");
  const auto check = start({}, "check");
  EXPECT_THAT(check.out, AllOf(HasSubstr("overrides: output.* in fp32\n             overrides: * in bf16\n"),
                               HasSubstr("operations: relu in fp32\n")));
  const auto config = start({}, "config");
  EXPECT_THAT(config.out,
              AllOf(HasSubstr("overrides.\"output.*\" = \"fp32\"  # points.toml:3\noverrides.\"*\" = \"bf16\""),
                    HasSubstr("operations.relu = \"fp32\"  # points.toml:5\n")));
  const auto direct = weights("bf16");
  workspace_.write("points.toml", contents(run_directory(workspace_, "points") / "experiment.toml"));
  EXPECT_EQ(weights("bf16"), direct);
}

TEST_F(PrecisionOverrides, AreInTheJsonOfConfig) {
  workspace_.write("points.toml", points_experiment() + "[precision.overrides]\n\"output.*\" = \"fp32\"\n");
  const auto arguments = std::vector<std::string>{"config", "points.toml", "--json"};
  const auto precision = json::parse(binade(arguments, workspace_).out)["sections"]["precision"];
  EXPECT_EQ(precision["overrides"]["output.*"]["value"], "fp32");
  EXPECT_EQ(precision["overrides"]["output.*"]["origin"], "file");
}

TEST_F(PrecisionOverrides, DoNothingWithoutAutocastAndSaySo) {
  const auto fp32 = weights("fp32");
  EXPECT_EQ(weights("fp32", {"precision.overrides.\"*\"=fp32"}), fp32);
  EXPECT_THAT(err_, HasSubstr("[precision.overrides] and [precision.operations] have no effect"));
  const auto fallback = start({"precision.plugin=fp32", "precision.overrides.\"*\"=bf16"});
  EXPECT_EQ(fallback.exit_code, 0);
  EXPECT_THAT(fallback.err,
              AllOf(HasSubstr("asks for half precision, but this run is on the CPU"), HasSubstr("have no effect")));
}

TEST_F(PrecisionOverrides, ThatNothingComesUnderAreNamed) {
  weights("bf16", {"precision.operations.softmax=fp32"});
  EXPECT_THAT(err_, HasSubstr("[precision.operations] softmax had no effect on the first batch"));
}

TEST_F(PrecisionOverrides, ThatCannotBeEndTheRunBeforeItsFirstStep) {
  const auto refusal = [&](const std::string& text) {
    const auto outcome = start({"precision.plugin=bf16", "precision.cpu=allow", text});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(metrics(run_directory(workspace_, "points")), IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(refusal("precision.overrides.\"ouptut.weight\"=fp32"),
              HasSubstr("`ouptut.weight` matches no parameter (did you mean `output.weight`?); there are: "));
  EXPECT_THAT(refusal("precision.operations.adddmm=fp32"),
              HasSubstr("LibTorch has no operation `adddmm` (did you mean"));
  EXPECT_THAT(refusal("precision.operations.bitwise_or=fp32"), HasSubstr("works on integers"));
  EXPECT_EQ(start({"precision.overrides.\"*\"=fp8"}).exit_code, 2);
  const auto plugin = start({"precision.plugin=opinionated", "precision.dtype=42"});
  EXPECT_EQ(plugin.exit_code, 1);
  EXPECT_THAT(plugin.err, HasSubstr("precision `opinionated`: the override `*` has a dtype other than fp32, bf16"));
}

}  // namespace
}  // namespace binade::testing
