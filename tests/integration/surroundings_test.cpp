// A hostile environment: closed descriptors, limits, missing folders, a simple terminal. The program succeeds, or fails
// with a message and one of its own exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "tests/integration/process.h"
#include "tests/sanitized.h"

namespace binade::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Surroundings : public ::testing::Test {
 protected:
  Surroundings() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml", points_experiment("[[logger]]\nplugin = \"console\"\n"));
  }

  // In a shell, which first does `prepare`.
  std::vector<std::string> prepared(const std::string& prepare, std::vector<std::string> arguments) {
    auto command = binade_command(std::move(arguments));
    command.insert(command.begin(), {"bash", "-c", prepare + "\nexec \"$@\"", "bash"});
    return command;
  }
  Outcome after(const std::string& prepare, std::vector<std::string> arguments,
                const Process::Environment& environment = {}) {
    Process process(prepared(prepare, std::move(arguments)), workspace_, with_fixtures(environment));
    return process.wait();
  }
  // With a pseudo-terminal as its standard streams; all that it wrote there.
  Outcome on_a_terminal(const std::string& kind, const std::string& arguments) {
    Process process({"script", "-qec", std::string(BINADE_EXECUTABLE) + " " + arguments, "/dev/null"}, workspace_,
                    with_fixtures({{"TERM", kind}}));
    return process.wait();
  }
  static auto in_words() {
    return AllOf(HasSubstr("error: "), Not(HasSubstr("terminate called")), Not(HasSubstr("what():")),
                 Not(HasSubstr("filesystem error")), Not(HasSubstr("std::bad_alloc")),
                 Not(HasSubstr("json.exception")));
  }

  TemporaryFolder workspace_;
};

class ClosedDescriptors : public Surroundings, public ::testing::WithParamInterface<const char*> {};

TEST_P(ClosedDescriptors, NothingButTheRecordIsInTheRecord) {
  const auto outcome = after(std::string("exec ") + GetParam(), {"run", "points.toml"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto directory = run_directory(workspace_, "points");
  EXPECT_EQ(metrics(directory).size(), 9u) << "8 steps and an evaluation";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(contents(entry.path()), Not(HasSubstr("next:"))) << entry.path();
  }
  EXPECT_EQ(binade({"export", "openmetrics", directory.string()}, workspace_).exit_code, 0);
}

TEST_P(ClosedDescriptors, AreDevNull) {
  const std::string closed = GetParam();
  Process process(prepared("exec " + closed, {"run", "points.toml", "--set", "train.steps=1000000"}), workspace_,
                  with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = run_directory(workspace_, "points");
    return !directory.empty() && std::filesystem::exists(directory / "metrics.jsonl");
  }));
  const std::filesystem::path open = "/proc/" + std::to_string(process.pid()) + "/fd";
  const std::array<const char*, 3> closings{"<&-", ">&-", "2>&-"};
  const auto words = " " + closed + " ";
  for (std::size_t number = 0; number < closings.size(); ++number) {
    if (words.find(" " + std::string(closings[number]) + " ") == std::string::npos) continue;
    EXPECT_EQ(std::filesystem::read_symlink(open / std::to_string(number)), "/dev/null") << number;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ClosedDescriptors,
                         ::testing::Values("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"),
                         [](const auto& info) { return "Case" + std::to_string(info.index); });

TEST_F(Surroundings, ChildProcessesOfOneWithClosedDescriptorsHaveThemAll) {
  const auto outcome = after("exec <&- >&-", {"bench", "points.toml", "--precision", "fp32,bf16", "--steps", "10",
                                              "--repeats", "2", "--set", "metrics.enabled=false"});
  EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 1)) << outcome.err;  // 1: nothing learned, in so few steps
  int records = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(workspace_.path() / "runs")) {
    if (entry.path().filename() != "metrics.jsonl") continue;
    EXPECT_EQ(metrics(entry.path().parent_path()).size(), 11u) << "10 steps and an evaluation";
    ++records;
  }
  EXPECT_EQ(records, 4);
  const auto verified = after("exec <&- >&- 2>&-", {"verify-resume", "points.toml", "--steps", "4"});
  EXPECT_EQ(verified.exit_code, 0);
}

TEST_F(Surroundings, AnExportToAClosedOutputFails) {
  ASSERT_EQ(binade({"run", "points.toml"}, workspace_).exit_code, 0);
  const auto outcome = after("exec >&-", {"export", "openmetrics", run_directory(workspace_, "points").string()});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("standard output is closed"));
}

TEST_F(Surroundings, OutputThatIsFullDoesNotEndTheRun) {
  const auto outcome = after("exec >/dev/full 2>&1", {"run", "points.toml"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(summary_of(run_directory(workspace_, "points"))["state"], "finished");
}

// Of some that are too small for LibTorch, for its threads, or for training.
TEST_F(Surroundings, LackOfMemoryIsReported) {
  if (sanitized) GTEST_SKIP() << "a sanitizer takes terabytes of addresses";
  int failed = 0;
  for (int mebibytes = 60; mebibytes <= 1200; mebibytes += 60) {
    const auto outcome = after("ulimit -v " + std::to_string(mebibytes * 1024), {"run", "points.toml"});
    if (outcome.exit_code == 0) continue;
    EXPECT_EQ(outcome.exit_code, 1) << mebibytes << " MiB: " << outcome.err;
    EXPECT_THAT(outcome.err, in_words()) << mebibytes << " MiB";
    ++failed;
  }
  EXPECT_GT(failed, 3) << "as many as were meant";
}

TEST_F(Surroundings, LackOfMemoryInAThreadOfAPluginIsReported) {
  const auto outcome = binade(
      {"run", "points.toml", "--set", R"(dataset={plugin="failing_dataset", in="read", how="memory in a thread"})",
       "--set", "task={loss=\"cross_entropy\"}"},
      workspace_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(in_words(), HasSubstr("out of memory")));
}

TEST_F(Surroundings, ALimitOfFileSizeIsAnErrorLikeAnyOther) {
  const auto outcome = after("ulimit -f 3", {"run", "points.toml", "--set", "train.steps=200"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(in_words(), HasSubstr("File too large")));
}

TEST_F(Surroundings, AFolderForTemporaryFilesThatIsMissingIsNamed) {
  for (const char* verb : {"run", "verify-resume"}) {
    std::vector<std::string> arguments{verb, "points.toml"};
    if (arguments.front() == "run") arguments.emplace_back("--dry-run");
    const auto outcome = binade(arguments, workspace_, {{"TMPDIR", "/nowhere/at/all"}});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, AllOf(in_words(), HasSubstr("TMPDIR=/nowhere/at/all"), HasSubstr("does not exist")));
  }
}

TEST_F(Surroundings, APluginFolderThatIsMissingIsNamedOnce) {
  const auto file = workspace_.write("a-file", "");
  for (const auto& folder : {std::string("/nowhere/plugins"), file.string()}) {
    const std::vector<std::string> commands[] = {
        {"check", "points.toml"}, {"config", "points.toml"}, {"run", "points.toml", "--resume", "auto"}};
    for (const auto& command : commands) {  // the last one looks for plugins twice
      const auto outcome = binade(command, workspace_, {{"BINADE_PLUGIN_PATH", folder + "::"}});
      EXPECT_EQ(outcome.exit_code, 0);
      EXPECT_THAT(outcome.err, HasSubstr("warning: BINADE_PLUGIN_PATH names the folder " + folder));
      EXPECT_EQ(outcome.err.find("BINADE_PLUGIN_PATH"), outcome.err.rfind("BINADE_PLUGIN_PATH"));
    }
  }
  EXPECT_THAT(binade({"check", "points.toml"}, workspace_).err, IsEmpty()) << "the fixtures' folder is there";
}

TEST_F(Surroundings, ADeletedCurrentFolderIsReported) {
  const auto outcome = after("mkdir gone; cd gone; rmdir ../gone", {"check", "../points.toml"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(in_words(), HasSubstr("the current folder")));
  EXPECT_EQ(after("mkdir gone; cd gone; rmdir ../gone", {"--version"}).exit_code, 0);
}

TEST_F(Surroundings, RunsThatCannotBeMadeAreNamed) {
  const auto outcome = binade({"run", "points.toml", "--runs", "/dev/null/runs"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, AllOf(in_words(), HasSubstr("/dev/null")));
  const auto targets = binade({"run", "points.toml", "--set", "metrics.targets=\"/dev/null/targets\""}, workspace_);
  EXPECT_EQ(targets.exit_code, 0) << "Prometheus does not find it";
  EXPECT_THAT(targets.err, AllOf(HasSubstr("/dev/null/targets"), Not(HasSubstr("filesystem error"))));
}

TEST_F(Surroundings, ASimpleTerminalGetsNoEscapeCodes) {
  for (const char* arguments : {"run points.toml", "check points.toml", "resume nowhere", "check nowhere.toml"}) {
    const auto simple = on_a_terminal("dumb", arguments);
    EXPECT_THAT(simple.out, Not(HasSubstr("\x1b"))) << arguments;
    EXPECT_THAT(simple.out, Not(IsEmpty())) << arguments;
    EXPECT_THAT(on_a_terminal("xterm", arguments).out, HasSubstr("\x1b")) << arguments << ", where they are wanted";
  }
}

}  // namespace
}  // namespace binade::testing
