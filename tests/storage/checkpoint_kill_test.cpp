// A writer that is killed at any instant: what it said was durable is there, and nothing is half there.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "host/storage/checkpoint.h"
#include "tests/storage/sample_checkpoint.h"
#include "tests/storage/temporary_folder.h"

namespace binade::host {
namespace {

constexpr std::size_t numbers = 20000;  // 80 kB each: most of the time goes into writing

[[noreturn]] void write_for_ever(const std::filesystem::path& path, std::uint64_t step, int acknowledgements) {
  CheckpointFolder folder(path, 2, false);
  for (;; ++step) {
    folder.write(SampleCheckpoint(step, numbers).content());
    if (write(acknowledgements, &step, sizeof(step)) != sizeof(step)) _exit(1);
  }
}

// BINADE_KILLS: how many; a slice by default.
TEST(CheckpointKill, NeverLosesWhatWasAcknowledged) {
  const char* asked = std::getenv("BINADE_KILLS");
  const int kills = asked == nullptr ? 40 : std::atoi(asked);
  const TemporaryFolder run;
  const auto path = run / "checkpoints";
  std::mt19937 random(std::random_device{}());
  std::uint64_t acknowledged = 0;
  for (int kill_number = 0; kill_number < kills; ++kill_number) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_for_ever(path, acknowledged + 1, pipe_ends[1]);
    close(pipe_ends[1]);
    // The instant: some acknowledgements, then somewhere inside the next write.
    const auto wait_for = random() % 3;
    std::uint64_t step = 0;
    for (std::uint32_t i = 0; i < wait_for; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &step, sizeof(step)), static_cast<ssize_t>(sizeof(step)));
      acknowledged = step;
    }
    usleep(random() % 20000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe_ends[0], &step, sizeof(step)) == static_cast<ssize_t>(sizeof(step))) acknowledged = step;
    close(pipe_ends[0]);

    std::vector<std::string> passed_over;
    const auto newest = CheckpointFolder(path, 2, false).newest(passed_over);
    EXPECT_THAT(passed_over, testing::IsEmpty()) << "unreadable after kill " << kill_number;
    if (acknowledged > 0) {
      ASSERT_TRUE(newest) << "kill " << kill_number;
      ASSERT_GE(newest->step, acknowledged) << "kill " << kill_number;
      EXPECT_TRUE(SampleCheckpoint(newest->step, numbers).is(*newest));
    }
  }
  std::printf("%d kills, last acknowledged step %llu\n", kills, static_cast<unsigned long long>(acknowledged));
}

}  // namespace
}  // namespace binade::host
