// Runs under storms of signals, and under a clock that jumps.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// While it lives, a signal every millisecond.
class Storm {
 public:
  Storm(const Process& process, std::vector<int> signals)
      : thread_([this, &process, signals = std::move(signals)] {
          for (std::size_t i = 0; !over_; ++i) {
            process.send(signals[i % signals.size()]);
            usleep(1000);
          }
        }) {}
  ~Storm() {
    over_ = true;
    thread_.join();
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

class Preemption : public InterruptedRuns {
 protected:
  static bool has_step(const std::filesystem::path& directory, std::uint64_t step) {
    return !directory.empty() &&
           contents(directory / "metrics.jsonl").find("\"step\":" + std::to_string(step) + ",") != std::string::npos;
  }
  static bool is_alive(Process& process) { return !process.ended(); }

  // A command that leaves the number of its process in the workspace.
  static std::vector<std::string> numbered(std::vector<std::string> arguments) {
    auto words = binade_command(std::move(arguments));
    words.insert(words.begin(), {"bash", "-c", "echo $$ > number; exec \"$@\"", "bash"});
    return words;
  }
  // Whether it has come as far as a handler of its own for the signal, as the kernel tells.
  bool listens(int signal) const {
    const auto number = contents(workspace_.path() / "number");
    if (number.empty()) return false;
    std::error_code gone;
    const auto folder = std::filesystem::path("/proc") / number.substr(0, number.find('\n'));
    if (std::filesystem::read_symlink(folder / "exe", gone).filename() != "binade") return false;
    const auto status = contents(folder / "status");
    const std::string key = "SigCgt:\t";
    const auto at = status.find(key);
    if (at == std::string::npos) return false;
    return (std::stoull(status.substr(at + key.size(), 16), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
};

TEST_F(Preemption, UnderAStormOfSigusr1TrainingContinuesUnchanged) {
  const std::vector<std::string> settings{"train.steps=300", "checkpoint.every_steps=0"};
  const auto straight = run("straight", settings);
  Process process(binade_command(run_command("storm", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] { return !run_directory(workspace_, "storm").empty(); }));
  {
    const Storm storm(process, {SIGUSR1});
    process.wait_until([&] { return has_step(run_directory(workspace_, "storm"), 300); });
  }
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  expect_same_run(straight, {run_directory(workspace_, "storm"), outcome});
}

TEST_F(Preemption, UnderAStormOfSigtermAndSigusr1ItEndsDurablySoon) {
  const std::vector<std::string> settings{"train.steps=100000", "checkpoint.every_steps=0", "model.dropout=0.3"};
  Process process(binade_command(run_command("storm", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] { return has_step(run_directory(workspace_, "storm"), 20); })) << process.err();
  const auto directory = run_directory(workspace_, "storm");
  std::uint64_t steps = 0;
  {
    const Storm storm(process, {SIGTERM, SIGUSR1});
    process.wait_until([] { return false; });  // until it ends, which is long before its last step
  }
  auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  steps = newest_step(directory);
  EXPECT_GE(steps, 20u);
  EXPECT_LT(steps, 100000u);
  for (int round = 0; round < 3; ++round) {
    const auto again = with({"run", "points.toml", "--resume", "auto"}, [&] {
      auto all = settings;
      all.push_back("experiment.name=storm");
      return all;
    }());
    Process next(binade_command(again), workspace_, with_fixtures());
    ASSERT_TRUE(next.wait_until([&] { return has_step(directory, steps + 5); })) << next.err();
    {
      const Storm storm(next, {SIGUSR1, SIGTERM});
      next.wait_until([] { return false; });
    }
    outcome = next.wait();
    EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
    EXPECT_GT(newest_step(directory), steps);
    steps = newest_step(directory);
  }
  const auto total = std::to_string(steps + 5);
  const auto last = resume(directory, {"--set", "train.steps=" + total});
  EXPECT_EQ(last.outcome.exit_code, 0) << last.outcome.err;
  const auto straight = run("straight", {"checkpoint.every_steps=0", "model.dropout=0.3", "train.steps=" + total});
  expect_same_run(straight, last);
}

// Whatever has been reached: before the first step nothing is lost, after it a checkpoint is there.
TEST_F(Preemption, SigtermAtAnyInstantOfTheStartAsksForAnotherTurn) {
  for (int delay = 0; delay < 6; ++delay) {
    const auto name = "start-" + std::to_string(delay);
    Process process(binade_command(run_command(name, {"train.steps=1000000"})), workspace_, with_fixtures());
    ASSERT_TRUE(process.wait_until([&] { return !run_directory(workspace_, name).empty(); }));
    usleep(static_cast<useconds_t>(delay) * 40'000);  // another instant each time; any of them must do
    process.send(SIGTERM);
    const auto outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
    const auto summary = summary_of(run_directory(workspace_, name));
    EXPECT_EQ(summary["state"], "preempted");
    EXPECT_EQ(newest_step(run_directory(workspace_, name)), summary["steps"]);
  }
}

// A start that takes its time: the signal comes before there is a run.
TEST_F(Preemption, SigtermBeforeTheFirstStepAsksForAnotherTurn) {
  const std::vector<std::vector<std::string>> kinds{{}, {"checkpoint.enabled=false"}};
  for (const auto& settings : kinds) {
    for (const int signal : {SIGTERM, SIGHUP}) {
      std::filesystem::remove(workspace_.path() / "number");
      Process process(numbered(run_command("early", settings)), workspace_, with_fixtures());
      // As soon as it listens, which it does before it has read the experiment.
      ASSERT_TRUE(process.wait_until([&] { return listens(signal); }));
      process.send(signal);
      const auto outcome = process.wait();
      EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
      std::filesystem::remove_all(workspace_.path() / "runs");
    }
  }
}

TEST_F(Preemption, SigtermBeforeTheFirstStepOfAResumedRunAsksForAnotherTurn) {
  const auto first = run("resumed", {}, {"--stop-after", "7"});
  ASSERT_EQ(first.outcome.exit_code, 0) << first.outcome.err;
  for (const char* checkpoints : {"true", "false"}) {
    std::filesystem::remove(workspace_.path() / "number");
    Process process(numbered({"resume", first.directory.string(), "--set",
                              std::string("checkpoint.enabled=") + checkpoints, "--set", "train.steps=1000000"}),
                    workspace_, with_fixtures());
    ASSERT_TRUE(process.wait_until([&] { return listens(SIGTERM); }));
    process.send(SIGTERM);
    EXPECT_EQ(process.wait().exit_code, 75) << process.err();
    EXPECT_EQ(newest_step(first.directory), 7u);
  }
}

// The signal is there before main() is: it was blocked by whoever started the program.
TEST_F(Preemption, ASignalThatWaitsForTheProcessIsNotLost) {
  for (const auto& [verb, code] : std::vector<std::pair<std::string, int>>{{"run", 75}, {"check", 128 + SIGTERM}}) {
    auto words = binade_command({verb, "points.toml"});
    words.insert(words.begin(), {"env", "--block-signal=TERM", "bash", "-c", "kill -TERM $$; exec \"$@\"", "bash"});
    Process process(words, workspace_, with_fixtures());
    EXPECT_EQ(process.wait().exit_code, code) << verb;
  }
}

TEST_F(Preemption, ADryRunThatIsStoppedDoesNotSayThatAllWentWell) {
  // The run has begun, and its step has not: a large file is hashed until the signal comes.
  std::filesystem::resize_file(workspace_.write("large", ""), std::uint64_t{1} << 40);
  auto command = run_command("dry", {"dataset={plugin=\"unsteady\", beside=\"large\"}"});
  command.emplace_back("--dry-run");
  Process process(binade_command(command), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    return process.err().find("hashing the dataset's files") != std::string::npos;
  })) << process.err();
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 75);
  EXPECT_THAT(process.err(), HasSubstr("the dry run was stopped"));
  EXPECT_THAT(process.out(), ::testing::Not(HasSubstr("went through")));
}

TEST_F(Preemption, AVerificationThatIsStoppedSaysSo) {
  Process process(binade_command({"verify-resume", "points.toml", "--steps", "100000"}), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] { return process.err().find("in one run") != std::string::npos; }));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 75);
  EXPECT_THAT(process.err(), HasSubstr("stopped by signal 15 before there was a result"));
}

TEST_F(Preemption, ASecondCtrlCEndsAtOnce) {
  // The first one waits for a step that never ends.
  Process process(binade_command(run_command("twice", {"model={plugin=\"pauses_in_forward\"}"})), workspace_,
                  with_fixtures());
  ASSERT_TRUE(wait_for_checkpoint(process, "twice", 5)) << process.err();
  process.send(SIGINT);
  EXPECT_TRUE(is_alive(process));
  while (is_alive(process)) {
    process.send(SIGINT);
    usleep(10'000);
  }
  EXPECT_EQ(process.wait().exit_code, 130);
}

TEST_F(Preemption, AClockThatJumpsChangesNothing) {
  const auto straight = run("straight", {});
  Process process(binade_command(run_command("jumps", {"train.max_time=10m", "checkpoint.every_minutes=30"})),
                  workspace_, with_fixtures({{"LD_PRELOAD", std::string(BINADE_FIXTURE_DIR) + "/jumping_clock.so"}}));
  const auto outcome = process.wait();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Ran ran{run_directory(workspace_, "jumps"), outcome};
  expect_same_run(straight, ran);
  const auto lines = all_metrics(ran.directory);
  double least = 1e300, most = 0;
  for (const auto& line : lines) {
    least = std::min(least, line.value("time", most));
    most = std::max(most, line.value("time", most));
  }
  EXPECT_GT(most - least, 3000) << "it did jump";
  const auto prom = contents(ran.directory / "metrics.prom");
  const auto at = prom.find("\nbinade_checkpoint_interval_seconds{");
  const double interval = std::stod(prom.substr(prom.find("} ", at) + 2));
  EXPECT_GT(interval, 0);
  EXPECT_LT(interval, 600);
}

}  // namespace
}  // namespace binade::testing
