#include "host/storage/checkpoint.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <system_error>

#include "tests/storage/sample_checkpoint.h"
#include "tests/support/failing_calls.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CheckpointFolder folder_in(const TemporaryFolder& run, std::uint64_t keep = 2, bool keep_best = true) {
  return {run / "checkpoints", keep, keep_best};
}

std::optional<Checkpoint> newest(const CheckpointFolder& folder) {
  std::vector<std::string> passed_over;
  return folder.newest(passed_over);
}

void overwrite(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Checkpoint, ReadsBackWhatWasWritten) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  const SampleCheckpoint sample(7);
  const auto written = folder.write(sample.content());
  EXPECT_EQ(written.folder, run / "checkpoints/step-00000007");
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(written.folder)) bytes += entry.file_size();
  EXPECT_EQ(written.bytes, bytes);
  const auto read = newest(folder);
  ASSERT_TRUE(read);
  EXPECT_TRUE(sample.is(*read));
  EXPECT_FALSE(SampleCheckpoint(8).is(*read));
}

TEST(Checkpoint, IsNotThereBeforeTheFirst) { EXPECT_FALSE(newest(folder_in(TemporaryFolder()))); }

TEST(Checkpoint, TheHighestStepWins) {
  const TemporaryFolder run;
  auto folder = folder_in(run, 5);
  for (const auto step : {9, 100, 20}) folder.write(SampleCheckpoint(step).content());
  EXPECT_THAT(folder.steps(), ElementsAre(100, 20, 9));
  EXPECT_EQ(newest(folder)->step, 100u);
}

TEST(Checkpoint, ADamagedOneIsPassedOverAndNamed) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  folder.write(SampleCheckpoint(1).content());
  const auto latest = folder.write(SampleCheckpoint(2).content()).folder;
  auto bytes = contents(latest / "model.safetensors");
  bytes.back() ^= 1;
  overwrite(latest / "model.safetensors", bytes);
  std::vector<std::string> passed_over;
  const auto read = folder.newest(passed_over);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->step, 1u);
  EXPECT_THAT(passed_over, ElementsAre(HasSubstr("step-00000002/model.safetensors does not have the SHA-256")));
}

TEST(Checkpoint, OfAnotherStepThanItsNameDoesNotCount) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  const auto written = folder.write(SampleCheckpoint(1).content()).folder;
  std::filesystem::rename(written, run / "checkpoints/step-00000009");
  std::vector<std::string> passed_over;
  EXPECT_FALSE(folder.newest(passed_over));
  EXPECT_THAT(passed_over, ElementsAre(HasSubstr("a different step")));
}

TEST(Checkpoint, OfALaterVersionSaysSo) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  const auto written = folder.write(SampleCheckpoint(1).content()).folder;
  auto manifest = contents(written / "manifest.json");
  manifest.replace(manifest.find("\"checkpoint\": 1"), 15, "\"checkpoint\": 2");
  overwrite(written / "manifest.json", manifest);
  std::vector<std::string> passed_over;
  EXPECT_FALSE(folder.newest(passed_over));
  EXPECT_THAT(passed_over, ElementsAre(HasSubstr("version 2, but this Binade reads version 1")));
}

TEST(Checkpoint, ALossThatIsNotANumberIsNotTheBest) {
  const TemporaryFolder run;
  auto folder = folder_in(run, 1);
  const double losses[] = {NAN, 0.2, 0.5};
  for (std::uint64_t step = 1; step <= 3; ++step) {
    folder.write(SampleCheckpoint(step).with_loss(losses[step - 1]).content());
  }
  EXPECT_THAT(folder.steps(), ElementsAre(3, 2));
}

TEST(Checkpoint, KeepsTheNewestOnesAndTheBest) {
  const TemporaryFolder run;
  auto folder = folder_in(run, 2);
  const double losses[] = {0.9, 0.2, 0.5, 0.4, 0.3};
  for (std::uint64_t step = 1; step <= 5; ++step) {
    folder.write(SampleCheckpoint(step).with_loss(losses[step - 1]).content());
  }
  EXPECT_THAT(folder.steps(), ElementsAre(5, 4, 2));
  auto without_best = folder_in(run, 1, false);
  without_best.write(SampleCheckpoint(6).content());
  EXPECT_THAT(without_best.steps(), ElementsAre(6));
}

TEST(Checkpoint, ADamagedOneDoesNotCountAsKept) {
  const TemporaryFolder run;
  folder_in(run, 9).write(SampleCheckpoint(1).content());
  const auto damaged = folder_in(run, 9).write(SampleCheckpoint(2).content()).folder;
  overwrite(damaged / "state.json", "{}");
  auto folder = folder_in(run, 2, false);  // of another process
  folder.write(SampleCheckpoint(3).content());
  EXPECT_THAT(folder.steps(), ElementsAre(3, 2, 1));
  folder.write(SampleCheckpoint(4).content());
  EXPECT_THAT(folder.steps(), ElementsAre(4, 3, 2));
}

TEST(Checkpoint, TheOneJustWrittenStaysBesideALaterOne) {
  const TemporaryFolder run;
  folder_in(run, 1).write(SampleCheckpoint(9).content());
  auto folder = folder_in(run, 1);
  folder.write(SampleCheckpoint(4).content());
  EXPECT_THAT(folder.steps(), ElementsAre(9, 4));
  folder.write(SampleCheckpoint(5).content());
  EXPECT_THAT(folder.steps(), ElementsAre(9, 5));
}

TEST(Checkpoint, WhatAKilledProcessLeftIsRemovedBeforeTheNextIsWritten) {
  const TemporaryFolder run;
  std::filesystem::create_directories(run / "checkpoints/step-00000003.tmp");
  overwrite(run / "checkpoints/step-00000003.tmp/model.safetensors", "half");
  auto folder = folder_in(run);
  EXPECT_THAT(folder.steps(), IsEmpty());
  folder.write(SampleCheckpoint(4).content());
  EXPECT_FALSE(std::filesystem::exists(run / "checkpoints/step-00000003.tmp"));
}

TEST(Checkpoint, OneOfTheSameStepIsReplaced) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  folder.write(SampleCheckpoint(4, 6).content());
  folder.write(SampleCheckpoint(4, 10).content());
  EXPECT_TRUE(SampleCheckpoint(4, 10).is(*newest(folder)));
}

TEST(Checkpoint, AnOldOneThatCannotBeRemovedIsAWarning) {
  const TemporaryFolder run;
  auto folder = folder_in(run, 1);
  folder.write(SampleCheckpoint(1).content());
  plan_fault({"unlink", 1, true, Fault::error, EROFS});
  const auto written = folder.write(SampleCheckpoint(2).content());
  plan_fault({});
  EXPECT_THAT(written.warnings, ElementsAre(HasSubstr("step-00000001.tmp/manifest.json")));
  EXPECT_EQ(newest(folder)->step, 2u);
  EXPECT_THAT(folder.write(SampleCheckpoint(3).content()).warnings, IsEmpty());
  EXPECT_THAT(folder.steps(), ElementsAre(3));
  EXPECT_FALSE(std::filesystem::exists(run / "checkpoints/step-00000001.tmp")) << "in the end";
}

TEST(Checkpoint, AForeignFileInItsPlaceIsRefused) {
  const TemporaryFolder run;
  auto folder = folder_in(run);
  const auto path = folder.write(SampleCheckpoint(5).content()).folder;
  std::filesystem::remove(path / "manifest.json");
  ASSERT_EQ(mkfifo((path / "manifest.json").c_str(), 0600), 0);
  EXPECT_FALSE(newest(folder));
  std::filesystem::remove(path / "manifest.json");
  EXPECT_THROW(read_checkpoint(path), std::runtime_error);
  std::filesystem::create_directory(path / "manifest.json");
  EXPECT_FALSE(newest(folder));
}

}  // namespace
}  // namespace binade::host
