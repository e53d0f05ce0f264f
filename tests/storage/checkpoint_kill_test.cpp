// Kills a writer at arbitrary instants: checkpoints that it reported as durable must exist, and none may be incomplete.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "host/storage/checkpoint.h"
#include "tests/storage/sample_checkpoint.h"
#include "tests/storage/writing_process.h"
#include "tests/support/campaign.h"
#include "tests/support/failing_calls.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

constexpr std::size_t numbers = 20000;  // 80 kB each: most of the time goes into writing
constexpr std::uint64_t keep = 2;

// Runs and kills one writer. Returns the last step that it acknowledged, or `acknowledged`.
std::uint64_t kill_a_writer(const std::filesystem::path& path, std::uint64_t acknowledged, std::mt19937_64& random) {
  // Every other writer starts by replacing the last checkpoint, on a file system that can or cannot do so atomically.
  const auto first = acknowledged == 0 ? 1 : acknowledged + random() % 2;
  forbid_exchange(random() % 2 == 0);
  WritingProcess writer(path, first, numbers, keep);
  // Kill it after some acknowledgements, at a random instant of the next write.
  writer.wait_for(random() % 3);
  usleep(static_cast<useconds_t>(random() % 20000));
  writer.kill();
  const int status = writer.end();
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  return writer.last().value_or(acknowledged);
}

TEST(CheckpointKill, NeverLosesWhatWasAcknowledged) {
  const TemporaryFolder run;
  const auto path = run / "checkpoints";
  std::uint64_t acknowledged = 0;
  Campaign campaign("kill-9", 100, 10000);
  while (const auto number = campaign.next()) {
    SCOPED_TRACE(testing::Message() << "case " << *number);
    std::mt19937_64 random(*number);
    acknowledged = kill_a_writer(path, acknowledged, random);
    std::vector<std::string> passed_over;
    const auto newest = CheckpointFolder(path, keep, false).newest(passed_over);
    campaign.count("unreadable", passed_over.size());
    campaign.count("older than acknowledged", newest.has_value() ? newest->step < acknowledged : acknowledged > 0);
    EXPECT_THAT(passed_over, ::testing::IsEmpty());
    if (acknowledged == 0) continue;
    ASSERT_TRUE(newest);
    ASSERT_GE(newest->step, acknowledged);
    EXPECT_TRUE(SampleCheckpoint(newest->step, numbers).is(*newest));
    campaign.count("unacknowledged, but whole", newest->step > acknowledged);
    acknowledged = newest->step;
  }
  forbid_exchange(false);
}

}  // namespace
}  // namespace binade::host
