// Pipes, links and devices where files belong: no run waits for them or writes through them, and messages say what
// they are. The first signal names what a run is waiting for. The test's time limit ends a run that hangs.
#include "tests/base/special_files.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/interrupted_runs.h"

namespace binade::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SpecialFiles : public InterruptedRuns {
 protected:
  // The run of this name, after its checkpoint of step 5.
  std::filesystem::path stopped(const std::string& name) {
    const auto ran = run(name, {}, {"--stop-after", "5"});
    EXPECT_EQ(ran.outcome.exit_code, 0) << ran.outcome.err;
    return ran.directory;
  }
  std::filesystem::path pipe(const std::filesystem::path& path) const {
    std::filesystem::remove(path);
    EXPECT_EQ(::mkfifo(path.c_str(), 0666), 0);
    return path;
  }
};

TEST_F(SpecialFiles, AreRefusedByTheirNamesWhereverAFileIsRead) {
  for (const auto& [path, word] : special_files(workspace_.path())) {
    const auto quoted = std::string("\"").append(path.string()).append("\"");
    const bool folder = std::filesystem::is_directory(path);
    const auto expect = [&, &word = word, &path = path](const Outcome& outcome, int code) {
      EXPECT_EQ(outcome.exit_code, code) << path << outcome.err;
      EXPECT_THAT(outcome.err, AllOf(HasSubstr(word), HasSubstr(path.string())));
    };
    if (!folder) expect(binade(run_command("weights", {"model.init_from=" + quoted}), workspace_), 4);
    expect(binade({"check", path.string()}, workspace_), 2);
    workspace_.write("including.toml", "include = [" + quoted + "]\n");
    expect(binade({"check", "including.toml"}, workspace_), 2);
    expect(binade({"check", "points.toml", "--lock", path.string()}, workspace_), 3);
    const auto data = binade(run_command("data", {"dataset.path=" + quoted}), workspace_);
    EXPECT_EQ(data.exit_code, 4) << data.err;
    EXPECT_THAT(data.err, HasSubstr(path.string() + ": cannot be read"));
  }
}

TEST_F(SpecialFiles, AsMetricsNeitherHoldAResumedRunUpNorLeadItElsewhere) {
  const auto piped = stopped("piped");
  pipe(piped / "metrics.jsonl");
  const auto by_pipe = resume(piped).outcome;
  EXPECT_NE(by_pipe.exit_code, 0);
  EXPECT_THAT(by_pipe.err, AllOf(HasSubstr("metrics.jsonl"), HasSubstr("it is a named pipe, not a file")));

  const auto linked = stopped("linked");
  const auto theirs = workspace_.write("theirs.txt", contents(linked / "metrics.jsonl"));
  const auto before = contents(theirs);
  std::filesystem::remove(linked / "metrics.jsonl");
  std::filesystem::create_symlink(theirs, linked / "metrics.jsonl");
  const auto by_link = resume(linked).outcome;
  EXPECT_NE(by_link.exit_code, 0);
  EXPECT_THAT(by_link.err, AllOf(HasSubstr("metrics.jsonl"), HasSubstr("it is a symbolic link")));
  EXPECT_EQ(contents(theirs), before);
  EXPECT_NE(binade({"export", "openmetrics", piped.string()}, workspace_).exit_code, 0);
}

TEST_F(SpecialFiles, InACheckpointOrAsASummaryArePassedOver) {
  const auto directory = stopped("checkpointed");
  pipe(directory / "checkpoints/step-00000005/state.json");
  pipe(directory / "summary.json");
  const auto resumed =
      binade({"run", "points.toml", "--set", "experiment.name=checkpointed", "--resume", "auto"}, workspace_);
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("skipped: "), HasSubstr("it is a named pipe, not a file")));
}

TEST_F(SpecialFiles, TheFirstSignalIsAnsweredAtOnceWithWhatIsWaitedFor) {
  for (const std::string workers : {"0", "2"}) {
    for (const auto& [signal, name] : {std::pair(SIGTERM, "SIGTERM"), {SIGINT, "SIGINT"}}) {
      const auto mark = workspace_.path() / ("mark-" + workers + name);
      Process process(binade_command(run_command(
                          "waits", {"dataset={plugin=\"pauses_in_read\",after=0,mark=\"" + mark.string() + "\"}",
                                    "task={loss=\"cross_entropy\"}", "train.workers=" + workers})),
                      workspace_, with_fixtures());
      ASSERT_TRUE(process.wait_until([&] {
        return std::filesystem::exists(mark) && !run_directory(workspace_, "waits").empty() &&
               process.out().find("directory") != std::string::npos;
      })) << process.err();
      process.send(signal);
      ASSERT_TRUE(process.wait_until([&] { return process.err().find("stops after") != std::string::npos; }));
      EXPECT_THAT(process.err(),
                  AllOf(HasSubstr(name), HasSubstr("read() of plugin `pauses_in_read` 1.0.0 (dataset)")));
      EXPECT_FALSE(process.ended());
      process.send(SIGKILL);
      process.wait();
      std::filesystem::remove_all(workspace_.path() / "runs");
    }
  }
}

}  // namespace
}  // namespace binade::testing
