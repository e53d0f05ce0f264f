// A resumed run ends exactly as an uninterrupted one, however it was interrupted.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Resume : public InterruptedRuns {};

struct Kind {
  const char* name;
  std::vector<std::string> settings;
};

class BitExactResume : public Resume, public ::testing::WithParamInterface<Kind> {};

// 13 steps end in the middle of an epoch, and beside any evaluation or checkpoint that would have come by itself.
TEST_P(BitExactResume, ResumesInTheMiddleOfAnEpoch) {
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
        Kind{"EpochsThatEndInAShortStep", {"train.batch_size=7", "train.accumulate=5", "train.epochs=5"}},
        Kind{"AtTheEndOfAnEpoch", {"train.batch_size=13", "train.epochs=2", "model.dropout=0.3"}},
        Kind{"BeforeAShortStep", {"train.batch_size=12", "train.sampling=replacement"}},
        Kind{"WithoutTheLastBatch", {"train.batch_size=7", "train.accumulate=4", "train.drop_last=true"}},
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

// A killed process has written rows that its checkpoint does not know of, and perhaps half a row. Rows that it had not
// flushed are gone.
TEST_F(Resume, AfterKill9TheCsvLoggerHasNoStepTwiceAndNoTornRow) {
  const std::vector<std::string> settings{"logger=[{plugin=\"csv\"}]", "checkpoint.every_steps=3",
                                          "train.steps=100000000"};
  std::filesystem::path directory;
  std::uint64_t killed_at = 0;
  for (int kill = 0; kill < 3; ++kill) {
    auto command = kill == 0 ? run_command("killed", settings) : std::vector<std::string>{"resume", directory.string()};
    Process process(binade_command(command), workspace_, with_fixtures());
    ASSERT_TRUE(wait_for_checkpoint(process, "killed", killed_at + 500)) << process.err();
    directory = run_directory(workspace_, "killed");
    ASSERT_TRUE(process.wait_until([&] { return std::filesystem::exists(directory / "steps.csv"); }));
    process.send(SIGKILL);
    process.wait();
    killed_at = newest_step(directory);
  }
  const auto ran = resume(directory, {"--set", "train.steps=" + std::to_string(killed_at + 10)});
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  std::istringstream rows(contents(directory / "steps.csv"));
  std::string row;
  ASSERT_TRUE(std::getline(rows, row));
  const auto cells = std::count(row.begin(), row.end(), ',');
  std::uint64_t last = 0;
  while (std::getline(rows, row)) {
    ASSERT_EQ(std::count(row.begin(), row.end(), ','), cells) << row;
    const auto split = row.find(',') + 1;
    if (row.compare(split, 6, "train,") != 0) continue;
    const auto step = std::stoull(row.substr(split + 6));
    ASSERT_GT(step, last) << row;
    last = step;
  }
  EXPECT_EQ(last, killed_at + 10);
}

TEST_F(Resume, SigtermEndsInACheckpointAndTheCodeThatAsksForAnotherTurn) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.every_steps=0"};
  Process process(binade_command(run_command("term", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = run_directory(workspace_, "term");
    return !directory.empty() && contents(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
  })) << process.err();
  for (int storm = 0; storm < 100; ++storm) process.send(SIGTERM);
  const auto outcome = process.wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  const auto directory = run_directory(workspace_, "term");
  const auto summary = summary_of(directory);
  EXPECT_EQ(summary["state"], "preempted");
  EXPECT_EQ(newest_step(directory), summary["steps"]);

  const auto steps = summary["steps"].get<std::uint64_t>();
  const auto command = with({"run", "points.toml", "--resume", "auto"},
                            {"experiment.name=term", "train.steps=" + std::to_string(steps + 5)});
  const auto again = binade(command, workspace_);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("resumed at step " + std::to_string(steps) + ": exact"));
  EXPECT_EQ(summary_of(run_directory(workspace_, "term"))["steps"], steps + 5);
}

TEST_F(Resume, AutoStartsANewRunWhereNothingIsUnfinished) {
  const auto command = with({"run", "points.toml", "--resume", "auto"}, {"experiment.name=fresh"});
  EXPECT_EQ(binade(command, workspace_).exit_code, 0);
  EXPECT_EQ(summary_of(run_directory(workspace_, "fresh"))["resumed_step"], nullptr);
  const auto again = binade(command, workspace_);
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, Not(HasSubstr("resumed")));
}

TEST_F(Resume, WithoutCheckpointsSigtermIsAnInterruption) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.enabled=false"};
  Process process(binade_command(run_command("off", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = run_directory(workspace_, "off");
    return !directory.empty() && contents(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
  }));
  process.send(SIGTERM);
  EXPECT_EQ(process.wait().exit_code, 143);
  const auto directory = run_directory(workspace_, "off");
  EXPECT_FALSE(std::filesystem::exists(directory / "checkpoints"));
  EXPECT_EQ(resume(directory).outcome.exit_code, 4);
}

TEST_F(Resume, Sigusr1RequestsACheckpointAndTrainingContinues) {
  const std::vector<std::string> settings{"train.steps=1000000", "checkpoint.every_steps=0"};
  Process process(binade_command(run_command("usr1", settings)), workspace_, with_fixtures());
  ASSERT_TRUE(process.wait_until([&] {
    const auto directory = run_directory(workspace_, "usr1");
    return !directory.empty() && contents(directory / "metrics.jsonl").find("\"step\":7,") != std::string::npos;
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
  EXPECT_THAT(contents(second.directory / "experiment.toml"), HasSubstr("lr = 0.5"));
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
  EXPECT_THAT(nowhere.outcome.err, HasSubstr("is not the directory of a run"));
}

TEST_F(Resume, OfAForeignCheckpointIsRefusedAndSaysWhatElseIsPossible) {
  const auto first = run("other", {}, {"--stop-after", "3"});
  const std::vector<std::pair<std::string, std::string>> changes{
      {"model.units=7", "`hidden.0.weight` is Float of [128, 2] in the checkpoint and Float of [7, 2] in this run"},
      {"model={plugin=\"unseeded\"}", "model.plugin was \"mlp\" and is \"unseeded\""},
      {"dataset={plugin=\"synthetic\"}", "dataset.plugin was \"csv\" and is \"synthetic\""},
      {"optimizer={name=\"sgd\"}", "optimizer.name was \"adamw\" and is \"sgd\""}};
  for (const auto& [change, words] : changes) {
    const auto text = contents(first.directory / "experiment.toml");
    const auto second = resume(first.directory, {"--set", change});
    EXPECT_EQ(second.outcome.exit_code, 4) << change;
    EXPECT_THAT(second.outcome.err, HasSubstr(words));
    EXPECT_THAT(second.outcome.err, HasSubstr("step-00000003 cannot be resumed"));
    EXPECT_THAT(second.outcome.err, HasSubstr("init_from"));
    std::ofstream(first.directory / "experiment.toml") << text;
  }
}

TEST_F(Resume, AnotherPrecisionBeginsItsStateAnewAndSaysSo) {
  const auto first = run("precision", {}, {"--stop-after", "13"});
  const auto second = resume(first.directory, {"--set", "precision={plugin=\"fp16_headroom\", cpu=\"allow\"}", "--set",
                                               "train.ema_decay=0.9"});
  EXPECT_EQ(second.outcome.exit_code, 0) << second.outcome.err;
  EXPECT_THAT(second.outcome.err, HasSubstr("precision.plugin was \"fp32\" and is \"fp16_headroom\""));
  EXPECT_THAT(second.outcome.err, HasSubstr("train.ema_decay was 0.0 and is 0.9"));
  EXPECT_TRUE(std::filesystem::exists(second.directory / "average.safetensors"));
  EXPECT_GT(second.summary()["loss_scale"], 1);
}

TEST_F(Resume, SaysThatAPluginHasChangedSince) {
  const auto copy = workspace_.path() / "mlp.so";
  std::filesystem::copy_file(std::filesystem::path(BINADE_PLUGIN_DIR) / "mlp.so", copy);
  const auto first = run("drift", {"model={plugin=\"mlp\", library=\"mlp.so\"}"}, {"--stop-after", "13"});
  ASSERT_EQ(first.outcome.exit_code, 0) << first.outcome.err;
  const auto state = json::parse(contents(first.directory / "checkpoints/step-00000013/state.json"));
  std::ofstream(copy, std::ios::app) << "another build";
  const auto second = resume(first.directory);
  EXPECT_THAT(second.outcome.err, HasSubstr("approximate, because plugin mlp (model) was sha256 "));
  EXPECT_EQ(second.summary()["resume_differences"].size(), 1u);
  EXPECT_NE(state["records"]["experiment.lock"], contents(second.directory / "experiment.lock"));
  EXPECT_EQ(state["records"]["experiment.toml"], contents(second.directory / "experiment.toml"));
}

TEST_F(Resume, OfARunWhoseStepsWereAllSkippedContinues) {
  const std::vector<std::string> settings{"precision.plugin=fp16",           "precision.cpu=allow",
                                          "precision.init_scale=1e30",       "precision.growth_interval=4",
                                          "precision.backoff_factor=0.0001", "metrics.sample_gradients_every=3"};
  const auto first = run("skipped", settings, {"--stop-after", "2"});
  EXPECT_EQ(first.outcome.exit_code, 0) << first.outcome.err;
  EXPECT_EQ(first.summary()["skipped_steps"], 2);
  expect_same_run(run("straight", settings), resume(first.directory));
}

TEST_F(Resume, TellsPrometheusWhereItBegan) {
  const auto first = run("gauges", {}, {"--stop-after", "13"});
  EXPECT_THAT(contents(first.directory / "metrics.prom"), HasSubstr("operation=\"stall\""));
  const auto second = resume(first.directory, {"--set", "checkpoint.enabled=false"});
  const auto prom = contents(second.directory / "metrics.prom");
  const auto value = [&](const std::string& series) {
    const auto at = prom.find("\n" + series);
    return at == std::string::npos ? -1.0 : std::stod(prom.substr(prom.find("} ", at) + 2));
  };
  const auto split = prom.find("split=\"train\"", prom.find("\nbinade_samples_total{"));
  const auto samples = prom.substr(split, prom.find('\n', split) - split);
  EXPECT_EQ(value("binade_step{"), 30);
  EXPECT_EQ(value("binade_checkpoint_last_step{"), 13) << "that it went on from";
  EXPECT_THAT(samples, ::testing::EndsWith("} " + std::to_string(17 * 16))) << "a counter is this process's";
}

TEST_F(Resume, OfAFinishedRunSaysThatNothingIsLeftToDo) {
  const auto first = run("finished", {});
  const auto second = resume(first.directory);
  EXPECT_EQ(second.outcome.exit_code, 0);
  EXPECT_THAT(second.outcome.err, HasSubstr("all 30 steps are done already"));
  expect_same_run(first, second);
}

TEST_F(Resume, OfARunWhoseTimeIsOverSaysSoAndHowToTrainOn) {
  const auto first = run("over", {}, {"--stop-after", "13"});
  const auto second = resume(first.directory, {"--set", "train.max_time=0.001s"});
  EXPECT_EQ(second.outcome.exit_code, 0);
  EXPECT_THAT(second.outcome.err, HasSubstr("[train] max_time of 0.001 s is over: the run had "));
  EXPECT_THAT(second.outcome.err, HasSubstr("`--set train.max_time="));
}

TEST_F(Resume, AutoPassesOverARunThatWasKilledBeforeItsFirstCheckpointButNotOverAFinishedOne) {
  const auto first = run("auto", {}, {"--stop-after", "13"});
  std::filesystem::create_directory(workspace_.path() / "runs/auto/29991231T000000Z-00000000");
  const auto command = with({"run", "points.toml", "--resume", "auto"}, {"experiment.name=auto", "train.steps=20"});
  EXPECT_THAT(binade(command, workspace_).err, HasSubstr("resumed at step 13"));
  std::ofstream(workspace_.path() / "runs/auto/29991231T000000Z-00000000/summary.json") << R"({"state": "finished"})";
  std::filesystem::remove(first.directory / "summary.json");
  EXPECT_THAT(binade(command, workspace_).err, Not(HasSubstr("resumed")));
}

TEST_F(Resume, AutoTakesTheRunThatBeganLastWhateverTheClockSaid) {
  const auto first = run("clock", {}, {"--stop-after", "5"});
  std::filesystem::rename(first.directory, workspace_.path() / "runs/clock/29991231T235958Z-00000000");
  auto command = run_command("clock", {});
  command.insert(command.end(), {"--stop-after", "8"});
  const auto second = binade(command, workspace_);
  EXPECT_EQ(second.exit_code, 0) << second.err;
  const auto third = binade(with({"run", "points.toml", "--resume", "auto"}, {"experiment.name=clock"}), workspace_);
  EXPECT_THAT(third.err, HasSubstr("resumed at step 8"));
}

TEST_F(Resume, AutoTakesASummaryThatSaysNothingForThatOfARunThatDidNotFinish) {
  const auto first = run("odd", {}, {"--stop-after", "5"});
  for (const char* summary : {R"({"state": 5})", "[]", "{", ""}) {
    std::ofstream(first.directory / "summary.json") << summary;
    const auto again = binade({"run", "points.toml", "--resume", "auto", "--stop-after", "1", "--set",
                               "experiment.name=odd", "--set", "train.steps=30"},
                              workspace_);
    EXPECT_THAT(again.err, HasSubstr("resumed at step ")) << summary;
  }
}

TEST_F(Resume, RemovesWhatAKilledProcessLeftHalfWritten) {
  const auto first = run("leftover", {}, {"--stop-after", "5"});
  for (const char* name : {"summary.json.4711-0.tmp", "best.safetensors.7-12.tmp", "mine.tmp"}) {
    std::ofstream(first.directory / name) << "{";
  }
  EXPECT_EQ(resume(first.directory).outcome.exit_code, 0);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(first.directory)) {
    if (entry.path().extension() == ".tmp") left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, ::testing::ElementsAre("mine.tmp"));
}

class BestWeights : public Resume {
 protected:
  // Killed in step 7, when step 6 was the best and the newest checkpoint was of step 5.
  std::filesystem::path killed() {
    Process process(binade_command(run_command("killed", {"model={plugin=\"pauses_in_forward\", after=6}",
                                                          "train.evaluate_every=2", "checkpoint.every_steps=5"})),
                    workspace_, with_fixtures());
    EXPECT_TRUE(process.wait_until([&] {
      const auto directory = run_directory(workspace_, "killed");
      return newest_step(directory) == 5 && std::filesystem::exists(directory / "best-00000006.safetensors");
    })) << process.err();
    process.send(SIGKILL);
    process.wait();
    return run_directory(workspace_, "killed");
  }
  // In which nothing gets better.
  Ran resume_badly(const std::filesystem::path& directory) {
    return resume(directory, {"--set", "model.after=1000", "--set", "optimizer.lr=1e30", "--set", "train.steps=8"});
  }
  static std::vector<std::string> files_of_weights(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with("best")) names.push_back(name);
    }
    return names;
  }
};

TEST_F(BestWeights, AreThoseOfTheResumedHistory) {
  const auto until_4 =
      run("until-4", {"model={plugin=\"pauses_in_forward\", after=1000}", "train.evaluate_every=2", "train.steps=4"});
  ASSERT_EQ(until_4.summary()["best_step"], 4);
  const auto ran = resume_badly(killed());
  ASSERT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
  EXPECT_THAT(ran.outcome.err, HasSubstr("resumed at step 5"));
  EXPECT_EQ(ran.summary()["best_step"], 4);
  EXPECT_THAT(files_of_weights(ran.directory), ::testing::ElementsAre("best.safetensors"));
  EXPECT_EQ(contents(ran.directory / "best.safetensors"), contents(until_4.directory / "best.safetensors"));
}

TEST_F(BestWeights, ThatAreGoneAreSaidToBeAndNoOthersTakeTheirName) {
  const auto directory = killed();
  std::filesystem::rename(directory / "best-00000006.safetensors", directory / "best.safetensors");
  std::filesystem::remove(directory / "best-00000004.safetensors");  // where the file did not follow yet
  const auto ran = resume_badly(directory);
  EXPECT_THAT(ran.outcome.err,
              HasSubstr("the weights of step 4, the best one until the checkpoint of step 5, are gone"));
  EXPECT_EQ(ran.summary()["best_step"], 4);
  EXPECT_THAT(files_of_weights(directory), IsEmpty());
}

TEST_F(Resume, AFailedRunSaysFromWhereItCanBeResumed) {
  const auto ran = run("failed", {"optimizer.lr=1e30", "optimizer.name=sgd", "train.clip_norm=0",
                                  "checkpoint.every_steps=1", "train.max_nonfinite_losses=5"});
  EXPECT_EQ(ran.outcome.exit_code, 1);
  EXPECT_THAT(ran.outcome.err, HasSubstr("the last checkpoint is of step "));
  EXPECT_THAT(ran.outcome.err, HasSubstr(" resume runs/failed/" + ran.directory.filename().string()));
}

TEST_F(Resume, OfARunThatIsStillRunningIsRefused) {
  Process process(binade_command(run_command("busy", {"train.steps=1000000"})), workspace_, with_fixtures());
  ASSERT_TRUE(wait_for_checkpoint(process, "busy", 5)) << process.err();
  const auto second = resume(run_directory(workspace_, "busy"));
  EXPECT_EQ(second.outcome.exit_code, 1);
  EXPECT_THAT(second.outcome.err, HasSubstr("another process is training"));
}

TEST_F(Resume, VerifyResumeProvesThatItIsTheSameRun) {
  const auto good = binade({"verify-resume", "points.toml", "--steps", "13", "--set", "model.dropout=0.3"}, workspace_);
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_THAT(good.out, Not(HasSubstr("DIFFER")));
  EXPECT_FALSE(std::filesystem::exists(workspace_.path() / "runs"));
}

TEST_F(Resume, VerifyResumeSaysWhatDiffersFirstAndWhereToLook) {
  const auto words_of = [this](const std::vector<std::string>& settings) {
    const auto bad = binade(with({"verify-resume", "points.toml", "--steps", "13"}, settings), workspace_);
    EXPECT_EQ(bad.exit_code, 1) << bad.out << bad.err;
    return bad.out;
  };
  EXPECT_THAT(
      words_of({"model={plugin=\"unseeded\"}"}),
      AllOf(HasSubstr("weights          DIFFER"), HasSubstr("first difference: the weights before the first step"),
            HasSubstr("help: the model begins with different weights in each process")));
  EXPECT_THAT(words_of({"model={plugin=\"forgetful\"}"}),
              AllOf(HasSubstr("first difference: step 14 (train): loss is "), HasSubstr("register_buffer()")));
  EXPECT_THAT(words_of({"precision={plugin=\"forgetful_scale\", cpu=\"allow\"}"}),
              AllOf(HasSubstr("first difference: step 14 (train): next_loss_scale is 128 in the straight run and 64"),
                    HasSubstr("help: the precision plugin remembers")));
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
