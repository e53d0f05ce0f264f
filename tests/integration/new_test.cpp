// `binade new`: what it writes builds, passes its own test and trains, by the commands that it prints.
#include <gtest/gtest.h>

#include <regex>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

namespace fs = std::filesystem;

Outcome make(const std::string& kind, const std::string& name, const TemporaryFolder& workspace,
             const std::string& language = "cpp") {
  return binade({"new", kind, name, "--lang", language}, workspace);
}

// The commands behind "next:", run by a shell that stops at the first failure. Without LibTorch there is none to find.
Outcome do_next(const std::string& printed, const TemporaryFolder& workspace, const std::string& libtorch = "") {
  workspace.write("next.sh", printed.substr(printed.find("next:") + 5));
  const Process::Environment environment{{"CMAKE_PREFIX_PATH", libtorch},
                                         {"BINADE_CACHE", (workspace.path() / "cache").string()},
                                         {"CARGO_NET_OFFLINE", "true"},
                                         {"CARGO_HOME", (workspace.path() / "cargo").string()}};
  return Process({"bash", "-euo", "pipefail", "next.sh"}, workspace, environment).wait();
}

// Its own test ran and passed, and it trained.
void expect_trained(const Outcome& outcome, const fs::path& project, const std::string& name) {
  ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(std::regex_search(outcome.out, std::regex("100% tests passed|test result: ok. [1-9]"))) << outcome.out;
  int summaries = 0;
  for (const auto& run : fs::directory_iterator(project / "runs" / name)) {
    summaries += fs::exists(run.path() / "summary.json") ? 1 : 0;
  }
  EXPECT_EQ(summaries, 1);
}

struct Starter {
  std::string kind, language;
};
void PrintTo(const Starter& starter, std::ostream* out) { *out << starter.kind << " in " << starter.language; }

class NewPlugin : public ::testing::TestWithParam<Starter> {};

TEST_P(NewPlugin, BuildsPassesItsTestTrainsAndIsValidatedByThePrintedCommands) {
  TemporaryFolder workspace;
  const auto& [kind, language] = GetParam();
  if (language == "rust" && Process({"cargo", "--version"}, workspace).wait().exit_code != 0) {
    GTEST_SKIP() << "cargo was not found: `bash tests/run.sh` installs it";
  }
  const auto made = make(kind, "my-first_one", workspace, language);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto project = workspace.path() / "my-first_one";
  for (const auto* file : {"README.md", "my-first_one.toml", "experiment.toml"}) {
    EXPECT_TRUE(fs::exists(project / file)) << file << "\n" << made.out;
  }
  const auto outcome = do_next(made.out, workspace, kind == "model" ? BINADE_LIBTORCH_DIR : "");
  expect_trained(outcome, project, "my-first_one");
  EXPECT_TRUE(std::regex_search(outcome.out, std::regex("[1-9][0-9]* passed, 0 failed"))) << outcome.out;
}

INSTANTIATE_TEST_SUITE_P(All, NewPlugin,
                         ::testing::Values(Starter{"dataset", "cpp"}, Starter{"precision", "cpp"},
                                           Starter{"logger", "cpp"}, Starter{"model", "cpp"}, Starter{"dataset", "c"},
                                           Starter{"precision", "c"}, Starter{"logger", "c"},
                                           Starter{"dataset", "rust"}, Starter{"precision", "rust"},
                                           Starter{"logger", "rust"}),
                         [](const auto& info) { return info.param.kind + "_" + info.param.language; });

TEST(New, RefusesWhatItCannotWriteAndSaysWhatItCan) {
  TemporaryFolder workspace;
  fs::create_directory(workspace.path() / "taken");
  const struct {
    std::string kind, name, language, words;
  } wrong[] = {
      {"datset", "x", "cpp", "did you mean `dataset`?"},
      {"dataset", "x", "rsut", "did you mean `rust`?"},
      {"model", "x", "rust", "it must be written in C++"},
      {"dataset", "Wave", "cpp", "a-z 0-9 _ -"},
      {"dataset", "../wave", "cpp", "a-z 0-9 _ -"},
      {"dataset", "test", "cpp", "CMake has a target of that name"},
      {"dataset", "text", "cpp", "the dataset `text` exists already"},
      {"dataset", "taken", "cpp", "`taken` exists already"},
  };
  for (const auto& [kind, name, language, words] : wrong) {
    const auto outcome = make(kind, name, workspace, language);
    EXPECT_EQ(outcome.exit_code, 2) << words;
    EXPECT_TRUE(contains(outcome.err, words)) << outcome.err;
    EXPECT_FALSE(fs::exists(workspace.path() / name / "README.md")) << name;
  }
}

TEST(New, ProjectsBuildAgainstAnInstalledSdk) {
  TemporaryFolder workspace;
  const auto sdk = (workspace.path() / "sdk").string();
  Process({"cmake", "--install", BINADE_BUILD_DIR, "--component", "sdk", "--prefix", sdk}, workspace).wait();
  ASSERT_TRUE(fs::exists(sdk + "/share/binade/templates/dataset/experiment.toml"));
  const auto made = make("dataset", "waves", workspace);
  const auto with_sdk = std::regex_replace(made.out, std::regex("PREFIX_PATH=\"[^\"]*\""), "PREFIX_PATH=" + sdk);
  ASSERT_NE(with_sdk, made.out);
  expect_trained(do_next(with_sdk, workspace), workspace.path() / "waves", "waves");
}

}  // namespace
}  // namespace binade::testing
