// What a plugin's failure does to a run: a signal ends it with a report that names the plugin; an exception ends it,
// too, but for a logger's, which is switched off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Failure {
  std::string kind, in, how;
  int signal = 0;  // 0: an exception
  int workers = 0;
};

void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.kind << " " << failure.in << " " << failure.how;
}

std::string name_of(const ::testing::TestParamInfo<Failure>& info) {
  const auto& [kind, in, how, signal, workers] = info.param;
  return kind + "_" + in + "_" + how + (workers > 0 ? "_worker" : "");
}

Outcome run(const TemporaryFolder& workspace, const Failure& failure, bool locked = false) {
  const std::string table =
      "plugin = \"failing_" + failure.kind + "\"\nin = \"" + failure.in + "\"\nhow = \"" + failure.how + "\"\n";
  const auto section = [&](const std::string& kind, const std::string& other) {
    return "[" + kind + "]\n" + (failure.kind == kind ? table : other);
  };
  workspace.write("failing.toml",
                  "[experiment]\nname = \"failing\"\n" + section("model", "plugin = \"mlp\"\nunits = 4\n") +
                      section("dataset", "plugin = \"failing_dataset\"\nin = \"\"\nhow = \"\"\n") +
                      section("precision", "plugin = \"fp32\"\n") + "cpu = \"allow\"\n" +
                      (failure.kind == "logger" ? "[[logger]]\n" + table : "") +
                      "[optimizer]\nlr = 0.02\n[train]\nsteps = 40\nbatch_size = 16\ndevice = \"cpu\"\nworkers = " +
                      std::to_string(failure.workers) + "\n[metrics]\nenabled = false\n");
  // No core files of crashes that are meant.
  rlimit before{}, none{};
  getrlimit(RLIMIT_CORE, &before);
  none.rlim_max = before.rlim_max;
  setrlimit(RLIMIT_CORE, &none);
  std::vector<std::string> command{"run", "failing.toml"};
  if (locked) {
    EXPECT_EQ(binade({"lock", "failing.toml"}, workspace).exit_code, 0);
    command.emplace_back("--locked");
  }
  const auto outcome = binade(command, workspace);
  setrlimit(RLIMIT_CORE, &before);
  return outcome;
}

auto names_the_plugin(const Failure& failure) {
  return AllOf(HasSubstr("plugin `failing_" + failure.kind + "` 0.1.0 (" + failure.kind + ")"),
               HasSubstr("failing_" + failure.kind + ".so, sha256 "),
               HasSubstr("options: in = \"" + failure.in + "\", how = \"" + failure.how + "\""));
}

class Crash : public ::testing::TestWithParam<Failure> {};

TEST_P(Crash, EndsTheRunWithAReportThatNamesThePlugin) {
  const auto& failure = GetParam();
  const TemporaryFolder workspace;
  const auto outcome = run(workspace, failure);
  EXPECT_EQ(outcome.exit_code, 128 + failure.signal) << outcome.err;
  EXPECT_THAT(outcome.err, names_the_plugin(failure));
  EXPECT_THAT(outcome.err, HasSubstr("binade plugins validate FILE"));
  const bool is_call = failure.how != "thread";
  EXPECT_THAT(outcome.err, HasSubstr(is_call ? "in " + failure.in + "() of plugin" : "not in a call from the host"));
  if (failure.in == "create" || failure.in == "describe") return;

  EXPECT_THAT(outcome.err, AllOf(HasSubstr("in step "), HasSubstr("binade resume runs/failing/")));
  const auto kept = contents(run_directory(workspace, "failing") / "crash.txt");
  EXPECT_THAT(kept, names_the_plugin(failure));
  EXPECT_THAT(kept, HasSubstr("failing_" + failure.kind + ".so(")) << "the stack";
  EXPECT_THAT(outcome.err,
              HasSubstr(failure.how == "terminate" ? "uncaught exception: boom where nobody catches" : ""));
  EXPECT_THAT(outcome.err, Not(HasSubstr("terminate called")));
}

std::vector<Failure> crashes() {
  const std::vector<std::pair<std::string, int>> ways{{"segv", SIGSEGV},      {"bus", SIGBUS},    {"ill", SIGILL},
                                                      {"fpe", SIGFPE},        {"abrt", SIGABRT},  {"overflow", SIGSEGV},
                                                      {"terminate", SIGABRT}, {"thread", SIGSEGV}};
  std::vector<Failure> all;
  for (const auto& [how, signal] : ways) {
    all.push_back({"dataset", "read", how, signal, 0});
    all.push_back({"dataset", "read", how, signal, 2});
    all.push_back({"logger", "write", how, signal});
    all.push_back({"precision", "update", how, signal});
    all.push_back({"model", "forward", how, signal});
  }
  for (const auto* how : {"segv", "overflow"}) {
    all.push_back({"dataset", "create", how, SIGSEGV});
    all.push_back({"dataset", "describe", how, SIGSEGV});
    all.push_back({"precision", "policy", how, SIGSEGV});
    all.push_back({"logger", "flush", how, SIGSEGV});
    all.push_back({"model", "backward", how, SIGSEGV});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, Crash, ::testing::ValuesIn(crashes()), name_of);

// The file that was loaded is gone by then.
TEST(LockedCrash, IsReportedWithThePlugin) {
  const Failure failure{"dataset", "read", "thread", SIGSEGV};
  const TemporaryFolder workspace;
  const auto outcome = run(workspace, failure, true);
  EXPECT_EQ(outcome.exit_code, 128 + failure.signal) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("not in a call from the host"), names_the_plugin(failure)));
}

class Exception : public ::testing::TestWithParam<Failure> {};

TEST_P(Exception, EndsTheRunButForALoggers) {
  const auto& failure = GetParam();
  const TemporaryFolder workspace;
  const auto outcome = run(workspace, failure);
  EXPECT_THAT(outcome.err, HasSubstr("failing_" + failure.kind));
  EXPECT_THAT(outcome.err, Not(HasSubstr("Exception raised from"))) << "LibTorch's stack trace";
  if (failure.kind == "logger") {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(metrics(run_directory(workspace, "failing")).size(), 41u) << "40 steps and an evaluation";
    return;
  }
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  if (failure.in == "create" || failure.in == "describe") return;
  EXPECT_THAT(outcome.err, AllOf(names_the_plugin(failure), HasSubstr("a plugin failed in step ")));
  EXPECT_THAT(outcome.err, HasSubstr(failure.in + "() failed: "));
}

std::vector<Failure> exceptions() {
  std::vector<Failure> all;
  for (const auto* how : {"int", "exception", "memory"}) {
    for (const auto& [kind, in] : std::vector<std::pair<std::string, std::string>>{{"dataset", "create"},
                                                                                   {"dataset", "describe"},
                                                                                   {"dataset", "read"},
                                                                                   {"logger", "create"},
                                                                                   {"logger", "write"},
                                                                                   {"logger", "flush"},
                                                                                   {"precision", "update"},
                                                                                   {"model", "forward"},
                                                                                   {"model", "backward"}}) {
      all.push_back({kind, in, how});
    }
  }
  all.push_back({"dataset", "read", "exception", 0, 2});
  all.push_back({"model", "forward", "libtorch"});
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, Exception, ::testing::ValuesIn(exceptions()), name_of);

}  // namespace
}  // namespace binade::testing
