// Text from files, names and plugins is printed without control bytes, and cannot imitate a line of the program.
#include <gmock/gmock.h>

#include <fstream>

#include "binade/printable.h"
#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Steers a terminal, forges a line, hides what follows.
const std::string hostile = "x\033[2J\033]0;t\007\r\nerror: forged\x7F\u009B31m\u202E\u2028y";

class HostileText : public InterruptedRuns {
 protected:
  // All that `binade` said; checked on the way.
  std::string said(const std::vector<std::string>& arguments) const {
    auto all = arguments;
    all.emplace_back("--color=never");
    const auto outcome = binade(all, workspace_);
    for (const auto& text : {outcome.out, outcome.err}) {
      EXPECT_EQ(printable_lines(text), text) << "a byte that steers the terminal";
      EXPECT_THAT("\n" + text, Not(HasSubstr("\nerror: forged")));
    }
    return outcome.out + outcome.err;
  }
};

TEST_F(HostileText, OfNamesAndValuesIsEscaped) {
  EXPECT_THAT(said({"check", hostile}), HasSubstr("\\u001b[2J"));
  EXPECT_THAT(said({hostile}), HasSubstr("forged"));
  EXPECT_THAT(said({"check", "\xFF\xFE.toml"}), HasSubstr("\\xff\\xfe.toml"));
  EXPECT_THAT(said({"plugins", "describe", hostile}), HasSubstr("\\u001b"));
  EXPECT_THAT(said({"explain", hostile}), HasSubstr("forged"));
  EXPECT_THAT(said({"export", "openmetrics", hostile}), HasSubstr("\\u001b"));
  EXPECT_THAT(said({"resume", hostile}), HasSubstr("forged"));
  EXPECT_THAT(said({"new", "model", hostile}), HasSubstr("forged"));
  const auto value = "dataset.path=\"x\\u001b[2J\\r\\nerror: forged\\u009b\\u202ey\"";
  EXPECT_THAT(said({"run", "points.toml", "--set", value}), HasSubstr("x\\u001b[2J"));
  EXPECT_THAT(said({"check", "points.toml", "--set", std::string("train.") + value}), HasSubstr("forged"));
}

TEST_F(HostileText, OfAnExperimentStaysJsonAndToml) {
  const auto value = "dataset.path=\"/x\\u001b[2J\\r\\nerror: forged\\u007f\\u009b\\u202ey\"";
  const auto written = binade({"config", "points.toml", "--json", "--set", value}, workspace_);
  EXPECT_EQ(printable_lines(written.out), written.out);
  const auto json = nlohmann::json::parse(written.out);
  EXPECT_THAT(json.dump(), HasSubstr("forged"));
  const auto path = [&](const nlohmann::json& config) {
    const auto& dataset = config.at("sections").at("dataset").at("path");
    return dataset.is_object() ? dataset.at("value").get<std::string>() : dataset.get<std::string>();
  };
  EXPECT_EQ(path(json), "/x\033[2J\r\nerror: forged\x7F\u009B\u202Ey");
  const auto toml = binade({"config", "points.toml", "--set", value}, workspace_);
  EXPECT_EQ(printable_lines(toml.out), toml.out);
  workspace_.write("again.toml", toml.out);
  EXPECT_EQ(path(nlohmann::json::parse(binade({"config", "again.toml", "--json"}, workspace_).out)), path(json));
}

TEST_F(HostileText, OfFilesIsEscaped) {
  workspace_.write("points.csv", points_csv(200) + "3,oops\033[31m\u202E,above\n");
  EXPECT_THAT(said({"run", "points.toml"}), HasSubstr("oops\\u001b[31m"));
  workspace_.write("raw.toml", "[experiment]\nname = \"" + std::string("a\033[2J\x01") + "\"\n");
  said({"check", "raw.toml"});
  std::filesystem::create_directory(workspace_.path() / "x\033[2Jy");
  workspace_.write("x\033[2Jy/points.toml", points_experiment());
  EXPECT_THAT(said({"run", "x\033[2Jy/points.toml"}), HasSubstr("x\\u001b[2Jy"));
}

TEST_F(HostileText, OfPluginsIsEscapedAndKeptInJson) {
  for (const std::string where : {"log", "failure"}) {
    const auto text = said({"run", "points.toml", "--set", "experiment.name=" + where, "--set",
                            "dataset={plugin=\"hostile_words\",where=\"" + where + "\"}", "--set", "train.steps=2",
                            "--set", "task={loss=\"cross_entropy\"}"});
    EXPECT_THAT(text,
                HasSubstr("before\\u001b[2J\\u001b]0;title\\u0007\\r\n  error: forged\\xff\\u009b31m\\u202eafter"));
  }
  said({"plugins", "validate", std::string(BINADE_FIXTURE_DIR) + "/hostile_words.so", "--set", "where=\"failure\""});
}

}  // namespace
}  // namespace binade::testing
