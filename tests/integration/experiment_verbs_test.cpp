// The verbs that show experiments and explain what is wrong with them: config, explain, schema.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;

// What stands before the comment of each line, which says where a value came from.
std::string without_comments(const std::string& toml) {
  std::istringstream lines(toml);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += line.substr(0, line.find("  # ")) + "\n";
  return out.substr(out.find('\n'));
}

class Config : public ::testing::Test {
 protected:
  void SetUp() override {
    workspace_.write("shared/base.toml", points_experiment("clip_norm = 0.5\n[metrics]\nlisten = \"${env:WHERE}\"\n"));
    workspace_.write("points.toml", "include = [\"shared/base.toml\"]\n[train]\nsteps = 9\n");
  }
  Outcome config(std::vector<std::string> more, const std::string& file = "points.toml") {
    more.insert(more.begin(), {"config", file});
    return binade(more, workspace_, {{"WHERE", "127.0.0.1:0"}});
  }
  TemporaryFolder workspace_;
};

TEST_F(Config, ShowsEachValueWithItsOrigin) {
  const auto outcome = config({"--set", "train.accumulate=2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto* line : {"steps = 9  # points.toml:3\n", "clip_norm = 0.5  # shared/base.toml:18, included\n",
                           "accumulate = 2  # --set train.accumulate=2\n", "seed = 1337  # default\n",
                           "listen = \"127.0.0.1:0\"  # shared/base.toml:20, included, environment: WHERE\n",
                           "# classes is taken from the dataset at run\n"}) {
    EXPECT_TRUE(contains(outcome.out, line)) << line << "\nin\n" << outcome.out;
  }
}

TEST_F(Config, LoadsAgainAsTheSameExperiment) {
  const auto first = config({"--set", "train.accumulate=2"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  workspace_.write("elsewhere/again.toml", first.out);
  const auto second = config({}, "elsewhere/again.toml");
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(without_comments(second.out), without_comments(first.out));
}

TEST_F(Config, SaysTheSameAsJson) {
  const auto outcome = config({"--json", "--set", "train.accumulate=2"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto all = json::parse(outcome.out);
  EXPECT_EQ(all["files"].size(), 2U);
  const auto& sections = all["sections"];
  const json steps{{"value", 9}, {"origin", "file"}, {"from", "points.toml:3"}, {"source", "points.toml"}, {"line", 3}};
  EXPECT_EQ(sections["train"]["steps"], steps);
  EXPECT_EQ(sections["train"]["accumulate"]["origin"], "override");
  EXPECT_EQ(sections["metrics"]["listen"]["environment"], "WHERE");
  EXPECT_EQ(sections["model"]["plugin"]["value"], "mlp");
  EXPECT_EQ(sections["model"]["classes"]["value"], nullptr);
  EXPECT_EQ(sections["model"]["classes"]["origin"], "wired");
  const auto arrays = config({"--json", "--set", "logger.0.plugin=console", "--set", "logger.1.plugin=console", "--set",
                              "optimizer.group.0.parameters=[\"*.bias\"]", "--set", "optimizer.group.0.lr=0.5"});
  ASSERT_EQ(arrays.exit_code, 0) << arrays.err;
  const auto with_arrays = json::parse(arrays.out)["sections"];
  EXPECT_EQ(with_arrays["logger"].size(), 2U);
  EXPECT_EQ(with_arrays["optimizer"]["group"][0]["lr"]["value"], 0.5);
  EXPECT_EQ(with_arrays["optimizer"]["name"]["value"], "adamw");
}

TEST_F(Config, OfAMistakeEndsAsCheckDoes) {
  const auto outcome = config({"--set", "train.stesp=1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(contains(outcome.err, "did you mean `steps`?")) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Explain, HasAPageForEachCodeThatItLists) {
  TemporaryFolder workspace;
  const auto list = binade({"explain"}, workspace);
  EXPECT_EQ(list.exit_code, 0);
  std::istringstream lines(list.out);
  int pages = 0;
  for (std::string line; std::getline(lines, line) && line.starts_with("E0");) {
    const auto page = binade({"explain", line.substr(0, 5)}, workspace);
    EXPECT_EQ(page.exit_code, 0) << line;
    EXPECT_TRUE(contains(page.out, line.substr(7)) && contains(page.out, "How to fix it:")) << page.out;
    ++pages;
  }
  EXPECT_GT(pages, 35);
}

TEST(Explain, TakesSeveralCodesAndRefusesUnknownOnes) {
  TemporaryFolder workspace;
  const auto two = binade({"explain", "e0103", "E0117"}, workspace);
  EXPECT_EQ(two.exit_code, 0) << two.err;
  EXPECT_TRUE(contains(two.out, "E0103: ") && contains(two.out, "E0117: ")) << two.out;
  const auto unknown = binade({"explain", "E9999"}, workspace);
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(contains(unknown.err, "`binade explain` lists all codes")) << unknown.err;
}

TEST(Explain, IsHintedAtOnceBelowAllMistakes) {
  TemporaryFolder workspace;
  workspace.write("wrong.toml", points_experiment("stesp = 1\nclip_nrom = 1\nworkers = -1\n"));
  const auto outcome = binade({"check", "wrong.toml"}, workspace);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.err.ends_with("error: 3 mistakes in wrong.toml\nexplain: binade explain E0103 E0117\n"))
      << outcome.err;
  EXPECT_EQ(outcome.err.find("explain:"), outcome.err.rfind("explain:"));
}

TEST(Schema, GoesToAFileWithTheLineThatEditorsWant) {
  TemporaryFolder workspace;
  const auto outcome = binade({"schema", "--out", "binade.json"}, workspace);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "#:schema ./binade.json")) << outcome.out;
  EXPECT_EQ(contents(workspace.path() / "binade.json"), binade({"schema"}, workspace).out);
  EXPECT_EQ(binade({"schema", "--out", "no/such/folder.json"}, workspace).exit_code, 1);
}

// Each line of `verdicts` is "ok" or what jsonschema says of one experiment.
class SchemaOfExperiments : public ::testing::Test {
 protected:
  std::string verdict(const std::string& file) {
    EXPECT_EQ(binade({"schema", "--out", "binade.json"}, workspace_).exit_code, 0);
    Process python({"python3", BINADE_SOURCE_DIR "/tests/integration/validate.py", "binade.json", file}, workspace_);
    const auto outcome = python.wait();
    if (outcome.exit_code == 77) return "skipped";
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.out;
  }
  std::string verdict_on(const std::string& text) {
    workspace_.write("experiment.toml", text);
    return verdict("experiment.toml");
  }
  void SetUp() override {
    if (verdict_on("") == "skipped") GTEST_SKIP() << "python3-jsonschema or tomllib (Python 3.11) is not installed";
  }
  TemporaryFolder workspace_;
};

TEST_F(SchemaOfExperiments, AcceptsTheShippedOnes) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BINADE_SOURCE_DIR "/experiments")) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_EQ(verdict(entry.path().string()), "ok\n") << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 2);
}

TEST_F(SchemaOfExperiments, AcceptsWhatIncludesAndFilesOfPluginsMakeGood) {
  EXPECT_EQ(verdict_on("include = [\"base.toml\"]\n[model]\nunits = 3\n[optimizer]\nmomentum = 0.5\n"), "ok\n");
  EXPECT_EQ(verdict_on("[model]\nplugin = \"mine\"\nlibrary = \"mine.so\"\nwhatever = 3\n"), "ok\n");
  EXPECT_EQ(verdict_on("[train]\nmax_time = 90\n"), "ok\n");
  EXPECT_EQ(verdict_on("[optimizer]\nname = \"sgd\"\n[[optimizer.group]]\nparameters = [\"*\"]\nlr = 0.1\n"), "ok\n");
  EXPECT_EQ(verdict_on("[train]\nmax_time = \"90s\"\n"), "ok\n");
}

TEST_F(SchemaOfExperiments, RefusesTyposTypesRangesAndChoices) {
  for (const std::string text :
       {"[train]\nstep = 3\n", "[trian]\nsteps = 3\n", "[train]\nsteps = \"3\"\n", "[train]\nsteps = 0\n",
        "[model]\nplugin = \"gtp\"\n", "[model]\nplugin = \"gpt\"\nlayer = 3\n", "[model]\nlayer = 3\n",
        "[model]\nplugin = \"mlp\"\nactivation = \"rleu\"\n",
        "[model]\nplugin = \"mlp\"\nlibrary = \"x.so\"\nunit = 1\n",
        "[optimizer]\nname = \"sgd\"\nbetas = [0.9, 0.99]\n", "[optimizer]\nname = \"adan\"\n",
        "[optimizer]\nlrr = 0.1\n", "[logger]\nplugin = \"console\"\n", "[[logger]]\nplugin = \"console\"\nevry = 1\n",
        "include = \"base.toml\"\n", "steps = 3\n", "[[optimizer.group]]\nparameter = [\"*\"]\n"}) {
    EXPECT_NE(verdict_on(text), "ok\n") << text;
  }
}

}  // namespace
}  // namespace binade::testing
