// Runs in which a call of a plugin never returns.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Limits of some seconds: less, and a machine whose processors are busy takes that long for what does not hang.
class HungRun : public InterruptedRuns {
 protected:
  struct Hung {
    Ran ran;
    double seconds = 0;
  };
  Hung hang(const std::vector<std::string>& settings) {
    const auto start = std::chrono::steady_clock::now();
    auto ran = run("hung", settings);
    return {ran, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  }
};

TEST_F(HungRun, NamesTheModelsCallAndTheStepAndSavesWhatItCan) {
  const auto [ran, seconds] = hang({"model={plugin=\"pauses_in_forward\"}", "watchdog.plugin_call=\"5s\""});
  EXPECT_EQ(ran.outcome.exit_code, 1);
  EXPECT_THAT(
      ran.outcome.err,
      AllOf(
          HasSubstr("plugin `pauses_in_forward` 1.0.0 (model) hangs: it has been in forward() for 5 s, but [watchdog] "
                    "plugin_call allows 5 s; the training thread is in step 6, forward"),
          HasSubstr("the last checkpoint is of step 5: once the cause is fixed, `"),
          HasSubstr(" resume runs/hung/" + ran.directory.filename().string())));
  EXPECT_EQ(ran.summary()["state"], "failed");
  EXPECT_THAT(ran.summary()["error"].get<std::string>(), HasSubstr("forward()"));
  EXPECT_EQ(metrics(ran.directory).back()["step"], 5) << "lines that waited to be written, too";
  EXPECT_THAT(contents(ran.directory / "metrics.prom"), HasSubstr("state=\"failed\"} 1"));
}

TEST_F(HungRun, NamesTheDatasetsCallThatTheTrainingThreadWaitsFor) {
  for (const char* workers : {"0", "2"}) {
    const auto [ran, seconds] = hang({"dataset={plugin=\"pauses_in_read\"}", "task={loss=\"cross_entropy\"}",
                                      "watchdog.data=\"5s\"", std::string("train.workers=") + workers});
    EXPECT_EQ(ran.outcome.exit_code, 1) << ran.outcome.err;
    EXPECT_THAT(
        ran.outcome.err,
        AllOf(
            HasSubstr("the training thread hangs: it has been in step 7, data for 5 s, but [watchdog] data allows 5 s"),
            HasSubstr("read() of plugin `pauses_in_read` 1.0.0 (dataset)")));
    std::filesystem::remove_all(ran.directory);
  }
}

TEST_F(HungRun, NamesThePluginThatHangsBeforeTheRunBegins) {
  const auto words_of = [this](const std::vector<std::string>& settings) {
    auto all = settings;
    all.emplace_back("watchdog.plugin_call=\"5s\"");
    all.emplace_back("metrics.enabled=false");
    const auto outcome = binade(run_command("hung", all), workspace_);
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    return outcome.err;
  };
  const auto hangs = [](const std::string& plugin, const std::string& call) {
    return HasSubstr("plugin `" + plugin + " hangs: it has been in " + call +
                     "() for 5 s, but [watchdog] plugin_call allows 5 s; the run has not started");
  };
  for (const std::string call : {"create", "describe"}) {
    EXPECT_THAT(words_of({"dataset={plugin=\"pauses_in_start\", call=\"" + call + "\"}"}),
                hangs("pauses_in_start` 1.0.0 (dataset)", call));
  }
  EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs/hung")) << "nothing of it was there yet";
  EXPECT_THAT(words_of({"model={plugin=\"pauses_in_forward\", in_create=true}"}),
              hangs("pauses_in_forward` 1.0.0 (model)", "create"));
  workspace_.write("points.toml", contents(workspace_.path() / "points.toml") +
                                      "\n[[logger]]\nplugin = \"pauses_in_write\"\nin_create = true\n");
  EXPECT_THAT(words_of({}), hangs("pauses_in_write` 1.0.0 (logger)", "create"));
}

// What keeps it after its limit is bounded, by two seconds where the machine is free.
TEST_F(HungRun, EndsSoonAfterItsLimit) {
  const auto [ran, seconds] = hang({"model={plugin=\"pauses_in_forward\"}", "watchdog.plugin_call=\"5s\""});
  EXPECT_EQ(ran.outcome.exit_code, 1);
  EXPECT_GT(seconds, 5);
  EXPECT_THAT(ran.outcome.err, HasSubstr("in forward() for 5 s"));
}

TEST_F(HungRun, ALoggerThatHangsDoesNotEndTheRun) {
  workspace_.write("logged.toml", contents(workspace_.path() / "points.toml") +
                                      "\n[watchdog]\nplugin_call = \"3s\"\ndata = \"3s\"\nlogging = \"3s\"\n"
                                      "\n[[logger]]\nplugin = \"pauses_in_write\"\n");
  const auto outcome = binade({"run", "logged.toml", "--set", "experiment.name=logged"}, workspace_);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("hangs")));
}

TEST_F(HungRun, ASlowCheckpointDoesNotHang) {
  std::vector<std::string> settings{"checkpoint.every_steps=1", "train.steps=3"};
  for (const char* key : {"data", "forward", "backward", "optimizer", "logging", "evaluation", "plugin_call"}) {
    settings.push_back(std::string("watchdog.") + key + "=\"1s\"");
  }
  Process process(binade_command(run_command("slow", settings)), workspace_,
                  with_fixtures({{"LD_PRELOAD", std::string(BINADE_FIXTURE_DIR) + "/slow_sync.so"},
                                 {"SLOW_SYNC_FOLDER", "/checkpoints/"}}));
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_GT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3)) << "it was slow";
}

TEST_F(HungRun, AProcessThatWasStoppedDoesNotHang) {
  Process process(binade_command(run_command("stopped", {"train.steps=1000000", "watchdog.plugin_call=\"4s\"",
                                                         "watchdog.data=\"4s\"", "watchdog.forward=\"4s\""})),
                  workspace_, with_fixtures());
  ASSERT_TRUE(wait_for_checkpoint(process, "stopped", 5)) << process.err();
  process.send(SIGSTOP);
  // Not a synchronisation: what is tested is a time in which nothing runs.
  usleep(6'000'000);
  process.send(SIGCONT);
  const auto directory = run_directory(workspace_, "stopped");
  const auto before = newest_step(directory);
  ASSERT_TRUE(wait_for_checkpoint(process, "stopped", before + 50)) << process.err();
  process.send(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
}

TEST_F(HungRun, LimitsAreDurations) {
  const auto outcome = binade(run_command("wrong", {"watchdog.forward=\"soon\""}), workspace_);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("`watchdog.forward` cannot be \"soon\""));
}

}  // namespace
}  // namespace binade::testing
