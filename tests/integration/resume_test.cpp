// A run that was interrupted, however it was, goes on as if it had not been.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/process.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What must be equal between two runs: everything but times, memory, and what tells of the resuming itself.
json comparable(json summary) {
  for (const char* key : {"seconds", "seconds_at_min_scale", "samples_per_second", "tokens_per_second",
                          "peak_memory_bytes", "resumed_step", "resume_differences"}) {
    summary.erase(key);
  }
  for (auto& epoch : summary["epochs"]) epoch.erase("seconds");
  return summary;
}

std::vector<json> comparable(std::vector<json> lines) {
  for (auto& line : lines) {
    for (const char* key : {"seconds", "phases", "time"}) line.erase(key);
  }
  return lines;
}

class Resume : public ::testing::Test {
 protected:
  // Where it went, and what it said.
  struct Ran {
    std::filesystem::path directory;
    Outcome outcome;
    json summary() const { return json::parse(read_file(directory / "summary.json")); }
  };

  Resume() {
    workspace_.write("points.csv", points_csv(200));
    workspace_.write("points.toml",
                     points_experiment("threads = 1\nevaluate_every = 7\n\n[checkpoint]\nevery_steps = 5\n"));
  }

  static std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& settings) {
    for (const auto& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return arguments;
  }
  std::vector<std::string> run_command(const std::string& name, const std::vector<std::string>& settings) {
    return with({"run", "points.toml", "--set", "experiment.name=" + name, "--set", "train.steps=30"}, settings);
  }
  Ran run(const std::string& name, const std::vector<std::string>& settings,
          const std::vector<std::string>& more = {}) {
    auto arguments = run_command(name, settings);
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto outcome = binade(arguments, workspace_);
    return {run_directory(workspace_, name), outcome};
  }
  Ran resume(const std::filesystem::path& directory, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"resume", directory.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {directory, binade(arguments, workspace_)};
  }

  static void expect_same_run(const Ran& one, const Ran& other) {
    EXPECT_EQ(json::diff(comparable(one.summary()), comparable(other.summary())), json::array());
    EXPECT_EQ(comparable(all_metrics(one.directory)), comparable(all_metrics(other.directory)));
    for (const char* file : {"weights.safetensors", "best.safetensors", "average.safetensors"}) {
      EXPECT_EQ(std::filesystem::exists(one.directory / file), std::filesystem::exists(other.directory / file)) << file;
      if (!std::filesystem::exists(one.directory / file)) continue;
      EXPECT_EQ(read_file(one.directory / file), read_file(other.directory / file)) << file;
    }
  }

  static std::uint64_t newest_step(const std::filesystem::path& directory) {
    std::uint64_t newest = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
      const auto name = entry->path().filename().string();
      if (!name.ends_with(".tmp")) newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(5)));
    }
    return newest;
  }
  // Of the run that a process is starting.
  std::filesystem::path only_directory(const std::string& name) const {
    std::error_code error;
    const std::filesystem::directory_iterator entry(workspace_.path() / "runs" / name, error);
    return error || entry == std::filesystem::directory_iterator() ? std::filesystem::path() : entry->path();
  }
  bool wait_for_checkpoint(Process& process, const std::string& name, std::uint64_t step) const {
    return process.wait_until([&] {
      const auto directory = only_directory(name);
      return !directory.empty() && newest_step(directory) >= step;
    });
  }

  Workspace workspace_;
};

struct Kind {
  const char* name;
  std::vector<std::string> settings;
};

class BitExactResume : public Resume, public ::testing::WithParamInterface<Kind> {};

// 13 steps end in the middle of an epoch, and beside any evaluation or checkpoint that would have come by itself.
TEST_P(BitExactResume, GoesOnInTheMiddleOfAnEpoch) {
  const auto straight = run("straight", GetParam().settings);
  ASSERT_EQ(straight.outcome.exit_code, 0) << straight.outcome.err;
  auto settings = GetParam().settings;
  const auto first = run("straight-again", settings, {"--stop-after", "13"});
  ASSERT_EQ(first.outcome.exit_code, 0) << first.outcome.err;
  EXPECT_EQ(first.summary()["state"], "interrupted");
  EXPECT_EQ(first.summary()["steps"], 13);
  EXPECT_NE(first.summary()["parameters_sha256"], straight.summary()["parameters_sha256"]);
  const auto second = resume(first.directory);
  ASSERT_EQ(second.outcome.exit_code, 0) << second.outcome.err;
  EXPECT_THAT(second.outcome.err, HasSubstr("resumed at step 13: exact"));
  EXPECT_EQ(second.summary()["resumed_step"], 13);
  EXPECT_THAT(second.summary()["resume_differences"], IsEmpty());
  expect_same_run(straight, second);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BitExactResume,
    ::testing::Values(
        Kind{"Plain", {}}, Kind{"Dropout", {"model.dropout=0.3"}},
        Kind{"Everything",
             {"model.dropout=0.3", "train.ema_decay=0.9", "train.accumulate=2", "schedule.name=cosine",
              "schedule.warmup_steps=15", "train.early_stopping.patience=100"}},
        Kind{"Momentum", {"optimizer.name=sgd", "optimizer.momentum=0.9", "train.sampling=replacement"}},
        Kind{"RmsProp", {"optimizer.name=rmsprop", "optimizer.momentum=0.5"}},
        Kind{"Adagrad", {"optimizer.name=adagrad", "train.epochs=3"}},
        Kind{"ScaledWithSkips",
             {"precision.plugin=fp16", "precision.cpu=allow", "precision.init_scale=1e30",
              "precision.growth_interval=4", "precision.backoff_factor=0.0001", "metrics.sample_gradients_every=3"}},
        Kind{"ScaledByAPolicy",
             {"precision.plugin=fp16_headroom", "precision.cpu=allow", "metrics.sample_gradients_every=3"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(Resume, TheScaledRunsOfTheseTestsDoSkipSteps) {
  const auto ran = run("scaled", {"precision.plugin=fp16", "precision.cpu=allow", "precision.init_scale=1e30",
                                  "precision.growth_interval=4", "precision.backoff_factor=0.0001"});
  EXPECT_GT(ran.summary()["skipped_steps"], 3) << ran.outcome.err;
  EXPECT_LT(ran.summary()["skipped_steps"], 20);
}

TEST_F(Resume, MayHappenAgainAndAgain) {
  const auto straight = run("straight", {"model.dropout=0.3"});
  auto ran = run("pieces", {"model.dropout=0.3"}, {"--stop-after", "1"});
  for (int piece = 0; piece < 4; ++piece) ran = resume(ran.directory, {"--stop-after", "7"});
  EXPECT_EQ(ran.summary()["steps"], 29);
  expect_same_run(straight, resume(ran.directory));
}

// The instants differ from run to run; what comes out must not.
TEST_F(Resume, AfterKill9ItIsTheSameRun) {
  const std::vector<std::string> settings{"model.dropout=0.3", "checkpoint.every_steps=1", "train.steps=400"};
  const auto straight = run("straight", settings);
  ASSERT_EQ(straight.outcome.exit_code, 0) << straight.outcome.err;
  {
    Process process(binade_command(run_command("killed", settings)), workspace_, with_fixtures());
    wait_for_checkpoint(process, "killed", 3);
    process.send(SIGKILL);
    process.wait();
  }
  const auto directory = run_directory(workspace_, "killed");
  for (int kill = 0; kill < 5; ++kill) {
    const auto acknowledged = newest_step(directory);
    Process process(binade_command({"resume", directory.string()}), workspace_, with_fixtures());
    process.wait_until([&] { return newest_step(directory) >= acknowledged + 20; });
    process.send(SIGKILL);
    process.wait();
    EXPECT_GE(newest_step(directory), acknowledged);
  }
  const auto ran = resume(directory);
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, HasSubstr(": exact"));
  expect_same_run(straight, ran);
}

TEST_F(Resume, SigtermEndsInACheckpointAndTheCodeThatAsksForAnotherTurn) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.every_steps=0"};
  Process process(binade_command(run_command("term", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = only_directory("term");
    return !directory.empty() && read_file(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
  })) << process.err();
  for (int storm = 0; storm < 100; ++storm) process.send(SIGTERM);
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  const auto directory = run_directory(workspace_, "term");
  const auto summary = json::parse(read_file(directory / "summary.json"));
  EXPECT_EQ(summary["state"], "preempted");
  EXPECT_EQ(newest_step(directory), summary["steps"]);

  const auto steps = summary["steps"].get<std::uint64_t>();
  const auto command = with({"run", "points.toml", "--resume", "auto"},
                            {"experiment.name=term", "train.steps=" + std::to_string(steps + 5)});
  const auto again = binade(command, workspace_);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("resumed at step " + std::to_string(steps) + ": exact"));
  EXPECT_EQ(json::parse(read_file(run_directory(workspace_, "term") / "summary.json"))["steps"], steps + 5);
}

TEST_F(Resume, AutoBeginsAnewWhereNothingIsUnfinished) {
  const auto command = with({"run", "points.toml", "--resume", "auto"}, {"experiment.name=fresh"});
  EXPECT_EQ(binade(command, workspace_).exit_code, 0);
  EXPECT_EQ(json::parse(read_file(run_directory(workspace_, "fresh") / "summary.json"))["resumed_step"], nullptr);
  const auto again = binade(command, workspace_);
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, Not(HasSubstr("resumed")));
}

TEST_F(Resume, WithoutCheckpointsSigtermIsAnInterruption) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.enabled=false"};
  Process process(binade_command(run_command("off", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = only_directory("off");
    return !directory.empty() && read_file(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
  }));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 143);
  const auto directory = run_directory(workspace_, "off");
  EXPECT_FALSE(std::filesystem::exists(directory / "checkpoints"));
  EXPECT_EQ(resume(directory).outcome.exit_code, 4);
}

TEST_F(Resume, Sigusr1AsksForACheckpointAndTrainingGoesOn) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.every_steps=0"};
  Process process(binade_command(run_command("usr1", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = only_directory("usr1");
    return !directory.empty() && read_file(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
  }));
  process.send(SIGUSR1);
  ASSERT_TRUE(wait_for_checkpoint(process, "usr1", 7)) << process.err();
  const auto first = newest_step(run_directory(workspace_, "usr1"));
  process.send(SIGUSR1);
  ASSERT_TRUE(wait_for_checkpoint(process, "usr1", first + 1)) << process.err();
  process.send(SIGINT);
  EXPECT_EQ(process.wait().exit_code, 130);
}

TEST_F(Resume, SaysWhatChangedWhereItIsNotExact) {
  const auto first = run("changed", {}, {"--stop-after", "13"});
  const auto second = resume(first.directory, {"--set", "optimizer.lr=0.5", "--set", "train.threads=2", "--set",
                                               "metrics.enabled=false", "--set", "train.steps=40"});
  EXPECT_EQ(second.outcome.exit_code, 0) << second.outcome.err;
  EXPECT_THAT(second.outcome.err,
              HasSubstr("approximate, because optimizer.lr was 0.001 and is 0.5; threads was 1 and is 2"));
  EXPECT_EQ(second.summary()["resume_differences"].size(), 2u);
  EXPECT_EQ(second.summary()["steps"], 40);
  EXPECT_THAT(read_file(second.directory / "experiment.toml"), HasSubstr("lr = 0.5"));
}

TEST_F(Resume, PassesOverADamagedCheckpointAndNamesIt) {
  const auto straight = run("straight", {});
  const auto straight_on = run("damaged", {"checkpoint.every_steps=0"}, {"--stop-after", "10"});
  const auto first = resume(straight_on.directory, {"--stop-after", "3"});
  ASSERT_EQ(newest_step(first.directory), 13u);
  const auto file = first.directory / "checkpoints/step-00000013/state.safetensors";
  std::ofstream(file, std::ios::app) << "x";
  const auto second = resume(first.directory);
  EXPECT_THAT(second.outcome.err, HasSubstr("step-00000013/state.safetensors"));
  EXPECT_THAT(second.outcome.err, HasSubstr("resumed at step 10: exact"));
  expect_same_run(straight, second);
}

TEST_F(Resume, WithoutAGoodCheckpointOrARunItIsRefused) {
  const auto first = run("damaged", {}, {"--stop-after", "3"});
  std::filesystem::remove(first.directory / "checkpoints/step-00000003/manifest.json");
  const auto second = resume(first.directory);
  EXPECT_EQ(second.outcome.exit_code, 4);
  EXPECT_THAT(second.outcome.err, HasSubstr("manifest.json"));
  const auto nowhere = resume(workspace_.path());
  EXPECT_EQ(nowhere.outcome.exit_code, 1);
  EXPECT_THAT(nowhere.outcome.err, HasSubstr("no directory of a run"));
}

TEST_F(Resume, OfAnotherModelIsRefusedByName) {
  const auto first = run("other", {}, {"--stop-after", "3"});
  const auto second = resume(first.directory, {"--set", "model.units=7"});
  EXPECT_EQ(second.outcome.exit_code, 1);
  EXPECT_THAT(second.outcome.err, HasSubstr("in the checkpoint and"));
}

TEST_F(Resume, OfARunThatGoesOnIsRefused) {
  Process process(binade_command(run_command("busy", {"train.steps=1000000"})), workspace_, with_fixtures());
  ASSERT_TRUE(wait_for_checkpoint(process, "busy", 5)) << process.err();
  const auto second = resume(only_directory("busy"));
  EXPECT_EQ(second.outcome.exit_code, 1);
  EXPECT_THAT(second.outcome.err, HasSubstr("another process is training"));
}

TEST_F(Resume, VerifyResumeProvesItOrSaysWhatDiffers) {
  const auto good = binade({"verify-resume", "points.toml", "--steps", "13", "--set", "model.dropout=0.3"}, workspace_);
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_THAT(good.out, Not(HasSubstr("DIFFER")));
  EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs"));
  const auto bad =
      binade({"verify-resume", "points.toml", "--steps", "13", "--set", "model={plugin=\"unseeded\"}"}, workspace_);
  EXPECT_EQ(bad.exit_code, 1) << bad.out << bad.err;
  EXPECT_THAT(bad.out, HasSubstr("weights          DIFFER"));
}

TEST_F(Resume, KeepsAsManyCheckpointsAsItIsTold) {
  auto ran = run("kept", {"checkpoint.every_steps=0", "checkpoint.keep=3", "checkpoint.keep_best=false"},
                 {"--stop-after", "8"});
  for (int piece = 0; piece < 4; ++piece) ran = resume(ran.directory, {"--stop-after", "8"});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ran.directory / "checkpoints")) {
    names.push_back(entry.path().filename());
  }
  EXPECT_EQ(names.size(), 3u);
  EXPECT_THAT(names, Contains("step-00000030"));
}

}  // namespace
}  // namespace binade::testing
