// Power failures while checkpoints are written: everything reported as durable must exist after a restart.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <random>

#include "host/storage/checkpoint.h"
#include "tests/storage/loop_disk.h"
#include "tests/storage/sample_checkpoint.h"
#include "tests/storage/writing_process.h"
#include "tests/support/campaign.h"
#include "tests/support/failing_calls.h"

namespace binade::host {
namespace {

constexpr std::size_t numbers = 5000;
constexpr std::uint64_t keep = 2;

// Starts a writer and simulates a power failure. Returns the last step that it acknowledged, or `acknowledged`.
std::uint64_t cut_power_under_a_writer(const LoopDisk& disk, std::uint64_t acknowledged, std::uint64_t at_least,
                                       std::mt19937_64& random) {
  const auto first = acknowledged == 0 ? 1 : acknowledged + random() % 2;
  WritingProcess writer(disk.mount_point() / "run/checkpoints", first, numbers, keep);
  writer.wait_for(at_least + random() % 4);
  usleep(static_cast<useconds_t>(random() % 6000));
  disk.cut_power();
  const int status = writer.end();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the writer did not notice";
  return writer.last().value_or(acknowledged);
}

std::unique_ptr<LoopDisk> make_disk(std::string& refusal) {
  try {
    auto disk = std::make_unique<LoopDisk>();
    std::filesystem::create_directory(disk->mount_point() / "run");
    sync();
    return disk;
  } catch (const std::runtime_error& error) {
    refusal = error.what();
    return nullptr;
  }
}

TEST(PowerCut, NeverLosesWhatWasAcknowledged) {
  std::string refusal;
  const auto disk = make_disk(refusal);
  if (!disk) GTEST_SKIP() << refusal;
  std::uint64_t acknowledged = 0;
  Campaign campaign("power-cuts", 12, 1000);
  while (const auto number = campaign.next()) {
    SCOPED_TRACE(testing::Message() << "case " << *number);
    std::mt19937_64 random(*number);
    forbid_exchange(random() % 4 == 0);
    acknowledged = cut_power_under_a_writer(*disk, acknowledged, 0, random);
    disk->restore_power();
    std::vector<std::string> passed_over;
    const auto newest = CheckpointFolder(disk->mount_point() / "run/checkpoints", keep, false).newest(passed_over);
    campaign.count("unreadable", passed_over.size());
    campaign.count("lost", newest.has_value() ? newest->step < acknowledged : acknowledged > 0);
    EXPECT_THAT(passed_over, ::testing::IsEmpty());
    if (acknowledged == 0) continue;
    ASSERT_TRUE(newest);
    ASSERT_GE(newest->step, acknowledged);
    EXPECT_TRUE(SampleCheckpoint(newest->step, numbers).is(*newest));
    acknowledged = newest->step;
  }
  forbid_exchange(false);
}

// Checks that the test can fail: a writer whose syncs do nothing loses acknowledged checkpoints.
TEST(PowerCut, LosesSavesWhereNothingIsSynced) {
  std::string refusal;
  const auto disk = make_disk(refusal);
  if (!disk) GTEST_SKIP() << refusal;
  std::uint64_t acknowledged = 0;
  Campaign campaign("power-cuts-without-sync", 3, 60);
  std::uint64_t lost = 0;
  for (auto number = campaign.next(); number; number = campaign.next()) {
    std::mt19937_64 random(*number);
    ignore_syncs(true);
    acknowledged = cut_power_under_a_writer(*disk, acknowledged, 2, random);
    ignore_syncs(false);
    disk->restore_power();
    std::vector<std::string> passed_over;
    const auto newest = CheckpointFolder(disk->mount_point() / "run/checkpoints", keep, false).newest(passed_over);
    const bool is_lost = !newest || newest->step < acknowledged;
    campaign.count("lost", is_lost);
    lost += is_lost;
    acknowledged = newest ? newest->step : 0;
  }
  EXPECT_GT(lost, 0u);
}

}  // namespace
}  // namespace binade::host
