// However a run ends, it leaves nothing behind that must not outlive it, and reports what it reached.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <thread>

#include "tests/integration/interrupted_runs.h"
#include "tests/integration/scraping.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Ends : public InterruptedRuns {
 protected:
  static std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    return names;
  }
  std::vector<std::string> targets() const { return names_in(workspace_.path() / "targets"); }

  // Of a run that Prometheus can find.
  std::vector<std::string> command(const std::vector<std::string>& settings) {
    auto all = settings;
    all.insert(all.end(), {"metrics.targets=\"targets\"", "train.steps=1000000"});
    return binade_command(run_command("ended", all));
  }
  std::filesystem::path directory() const { return run_directory(workspace_, "ended"); }
  json summary() const { return summary_of(directory()); }

  void expect_nothing_left() const {
    EXPECT_THAT(targets(), IsEmpty());
    expect_nothing_unfinished();
  }
  void expect_nothing_unfinished() const {
    EXPECT_THAT(names_in(directory()), Not(Contains(EndsWith(".tmp"))));
    const auto checkpoints = names_in(directory() / "checkpoints");
    EXPECT_THAT(checkpoints, Not(Contains(EndsWith(".tmp"))));
    EXPECT_THAT(checkpoints, Not(Contains(EndsWith(".gone"))));
  }

  // A checkpoint that has begun to be written stays unfinished for as long as a test takes.
  static Process::Environment with_slow_checkpoints() {
    return with_fixtures({{"LD_PRELOAD", std::string(BINADE_FIXTURE_DIR) + "/slow_sync.so"},
                          {"SLOW_SYNC_FOLDER", "/checkpoints/"},
                          {"SLOW_SYNC_SECONDS", "600"}});
  }
  bool wait_for_unfinished_checkpoint(Process& process) const {
    return process.wait_until([&] {
      const auto run = directory();
      if (run.empty()) return false;
      const auto names = names_in(run / "checkpoints");
      return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.ends_with(".tmp"); });
    });
  }
  // Of a run whose model fails then.
  Outcome fail_while_a_checkpoint_is_written(const std::string& how) {
    const auto mark = workspace_.path() / "mark";
    Process process(command({"model={plugin=\"failing_model\", in=\"forward\", how=\"" + how + "\", wait_for=\"" +
                                 mark.string() + "\"}",
                             "checkpoint.every_steps=1"}),
                    workspace_, with_slow_checkpoints());
    EXPECT_TRUE(wait_for_unfinished_checkpoint(process)) << process.err();
    workspace_.write("mark", "");
    return process.wait();
  }
};

TEST_F(Ends, BySigtermAndBySighup) {
  for (const int signal : {SIGTERM, SIGHUP}) {
    Process process(command({}), workspace_, with_fixtures());
    ASSERT_TRUE(wait_for_checkpoint(process, "ended", 5)) << process.err();
    EXPECT_EQ(targets().size(), 1u);
    process.send(signal);
    const auto outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
    EXPECT_EQ(summary()["state"], "preempted");
    EXPECT_EQ(newest_step(directory()), summary()["steps"]);
    expect_nothing_left();
    std::filesystem::remove_all(workspace_.path() / "runs");
  }
}

TEST_F(Ends, UnderNohupABrokenConnectionDoesNotEndTheRun) {
  auto words = command({});
  words.insert(words.begin(), {"bash", "-c", "trap '' HUP; exec \"$@\"", "bash"});
  Process process(words, workspace_, with_fixtures());
  ASSERT_TRUE(wait_for_checkpoint(process, "ended", 5)) << process.err();
  process.send(SIGHUP);
  ASSERT_TRUE(wait_for_checkpoint(process, "ended", newest_step(directory()) + 50)) << "it goes on";
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 75);
}

TEST_F(Ends, BySecondCtrlCWhileACheckpointIsWritten) {
  Process process(command({"checkpoint.every_steps=50"}), workspace_, with_slow_checkpoints());
  ASSERT_TRUE(wait_for_unfinished_checkpoint(process)) << process.err();
  EXPECT_EQ(targets().size(), 1u);
  process.send(SIGINT);
  while (!process.ended()) process.send(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
  expect_nothing_left();
}

TEST_F(Ends, ByTheWatchdog) {
  Process process(command({"model={plugin=\"pauses_in_forward\"}", "watchdog.plugin_call=\"1s\""}), workspace_,
                  with_fixtures());
  EXPECT_EQ(process.wait().exit_code, 1);
  expect_nothing_left();
  EXPECT_EQ(summary()["state"], "failed");
  EXPECT_EQ(summary()["steps"], 5);
  EXPECT_THAT(summary()["seconds"].get<double>(), Gt(0));
  EXPECT_TRUE(summary()["final_loss"].is_number());
}

TEST_F(Ends, ByTheWatchdogWhileACheckpointIsWritten) {
  Process process(command({"model={plugin=\"pauses_in_forward\"}", "watchdog.plugin_call=\"1s\"",
                           "checkpoint.every_steps=1", "checkpoint.keep=5"}),
                  workspace_, with_slow_checkpoints());
  EXPECT_EQ(process.wait().exit_code, 1);
  expect_nothing_left();
}

TEST_F(Ends, ByACrash) {
  const auto outcome = fail_while_a_checkpoint_is_written("abrt");
  EXPECT_EQ(outcome.exit_code, 128 + SIGABRT);
  expect_nothing_unfinished();
  EXPECT_EQ(targets().size(), 1u) << "by which Prometheus sees that nobody is there";
}

TEST_F(Ends, ByALibraryThatCallsExit) {
  const auto outcome = fail_while_a_checkpoint_is_written("exit");
  EXPECT_EQ(outcome.exit_code, 1) << "and not 0, which the library said";
  EXPECT_THAT(outcome.err, HasSubstr("a library ended the process with exit code 0"));
  expect_nothing_unfinished();
  EXPECT_EQ(targets().size(), 1u) << "as after a crash";
}

TEST_F(Ends, WithAnError) {
  Process process(
      command({R"(dataset={plugin="failing_dataset", in="read", how="exception"})", "task={loss=\"cross_entropy\"}"}),
      workspace_, with_fixtures());
  EXPECT_EQ(process.wait().exit_code, 1);
  expect_nothing_left();
  EXPECT_EQ(summary()["state"], "failed");
  EXPECT_EQ(summary()["steps"], all_metrics(directory()).back()["step"]);
  EXPECT_EQ(summary()["skipped_steps"], 0);
  EXPECT_EQ(summary()["final_loss"], all_metrics(directory()).back()["loss"]);
  EXPECT_THAT(summary()["seconds"].get<double>(), Gt(0));
}

TEST_F(Ends, WithAnErrorAfterPrometheusCouldFindIt) {
  workspace_.write("points.toml",
                   contents(workspace_.path() / "points.toml") +
                       "\n[[logger]]\nplugin = \"failing_logger\"\nin = \"create\"\nhow = \"invalid\"\n");
  Process process(command({}), workspace_, with_fixtures());
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("boom"));
  expect_nothing_left();
}

// Prometheus comes every eight seconds.
class LastScrape : public Ends {
 protected:
  static constexpr auto interval = std::chrono::seconds(8);

  static bool shows(int port, const std::string& state) {
    return scrape(port).find("state=\"" + state + "\"} 1") != std::string::npos;
  }
  // Until the run has seen two scrapes; returns its port.
  int run_until_scraped_twice(Process& process) {
    EXPECT_TRUE(process.wait_for_output("http://127.0.0.1:")) << process.err();
    EXPECT_TRUE(wait_for_checkpoint(process, "ended", 5));
    const int port = port_in(process.out());
    prometheus_scrape(port);
    std::this_thread::sleep_for(interval);
    prometheus_scrape(port);
    return port;
  }
};

TEST_F(LastScrape, IsWaitedForAfterASignalForAWholeInterval) {
  Process process(command({}), workspace_, with_fixtures());
  const int port = run_until_scraped_twice(process);
  process.send(SIGTERM);
  ASSERT_TRUE(process.wait_until([&] { return shows(port, "preempted"); }));
  std::this_thread::sleep_for(interval / 2);
  ASSERT_FALSE(process.ended()) << process.err();
  EXPECT_THAT(prometheus_scrape(port), HasSubstr("state=\"preempted\"} 1"));
  EXPECT_EQ(process.wait().exit_code, 75);
  expect_nothing_left();
}

TEST_F(LastScrape, IsWaitedForByTheWatchdog) {
  Process process(command({"model={plugin=\"pauses_in_forward\"}", "watchdog.plugin_call=\"10s\""}), workspace_,
                  with_fixtures());
  const int port = run_until_scraped_twice(process);
  ASSERT_TRUE(process.wait_until([&] { return shows(port, "failed"); }));
  EXPECT_THAT(prometheus_scrape(port), HasSubstr("state=\"failed\"} 1"));
  EXPECT_EQ(process.wait().exit_code, 1);
  expect_nothing_left();
}

TEST_F(LastScrape, IsNotWaitedForAfterASecondSignal) {
  Process process(command({"metrics.wait_for_scrape=\"1h\""}), workspace_, with_fixtures());
  const int port = run_until_scraped_twice(process);
  process.send(SIGTERM);
  ASSERT_TRUE(process.wait_until([&] { return shows(port, "preempted"); }));
  const auto start = std::chrono::steady_clock::now();
  while (!process.ended()) {
    process.send(SIGTERM);
    usleep(50'000);
  }
  EXPECT_EQ(process.wait().exit_code, 75);
  EXPECT_LT(std::chrono::steady_clock::now() - start, interval) << "it would have waited for two";
  expect_nothing_left();
}

}  // namespace
}  // namespace binade::testing
