// When checkpoints are due, and how their results are reported.
#include "host/engine/checkpoint/checkpointer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "host/engine/checkpoint/incompatibilities.h"
#include "host/engine/checkpoint/snapshot.h"
#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckpointerTest : public ::testing::Test, protected RunListener {
 protected:
  void checkpoint_begins() noexcept override { ++begun_; }
  void checkpoint_ended(const CheckpointRecord& record) noexcept override { ended_.push_back(record); }
  void message(int, std::string_view text) noexcept override { messages_.emplace_back(text); }

  static void take(Snapshot& snapshot) { snapshot.values["taken"] = true; }

  TemporaryFolder run_;
  int begun_ = 0;
  std::vector<CheckpointRecord> ended_;
  std::vector<std::string> messages_;
};

TEST_F(CheckpointerTest, IsDueByStepsAndWhenAsked) {
  Checkpointer checkpointer({.folder = run_ / "c", .every_steps = 4}, *this, 0);
  EXPECT_FALSE(checkpointer.due(3));
  EXPECT_TRUE(checkpointer.due(4));
  EXPECT_TRUE(checkpointer.due(5)) << "until it is taken";
  checkpointer.save(5, {}, take);
  EXPECT_TRUE(checkpointer.finish(5));
  EXPECT_FALSE(checkpointer.due(6));
  checkpointer.ask();
  EXPECT_TRUE(checkpointer.due(6));
}

TEST_F(CheckpointerTest, IsDueByTime) {
  Checkpointer at_once({.folder = run_ / "c", .every_seconds = 1e-9}, *this, 0);
  EXPECT_TRUE(at_once.due(1));
  Checkpointer never({.folder = run_ / "c"}, *this, 0);
  EXPECT_FALSE(never.due(1));
}

TEST_F(CheckpointerTest, TellsOfEachAndTakesAStepOnce) {
  Checkpointer checkpointer({.folder = run_ / "c"}, *this, 0);
  checkpointer.save(5, 0.25, take);
  EXPECT_TRUE(checkpointer.finish(5));
  checkpointer.save(5, 0.25, take);
  EXPECT_EQ(begun_, 1);
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(ended_[0].saved);
  EXPECT_EQ(ended_[0].step, 5u);
  EXPECT_GT(ended_[0].bytes, 100u);
  EXPECT_GT(ended_[0].time, 1e9);
  EXPECT_GE(ended_[0].stall_seconds, 0);
  EXPECT_EQ(ended_[0].interval_seconds, 0);
  checkpointer.save(6, {}, take);
  EXPECT_FALSE(checkpointer.finish(7));
  ASSERT_EQ(ended_.size(), 2u);
  EXPECT_GT(ended_[1].interval_seconds, 0);
  const Snapshot read(read_checkpoint(run_ / "c/step-00000006"));
  EXPECT_TRUE(read.values.at("taken"));
}

TEST_F(CheckpointerTest, AFailureIsToldOnceAndCountedEachTime) {
  std::ofstream(run_ / "c") << "a file where the folder should be";
  Checkpointer checkpointer({.folder = run_ / "c"}, *this, 0);
  for (std::uint64_t step = 1; step <= 3; ++step) {
    checkpointer.save(step, {}, take);
    EXPECT_FALSE(checkpointer.finish(step));
  }
  EXPECT_EQ(ended_.size(), 3u);
  EXPECT_FALSE(ended_[0].saved);
  EXPECT_THAT(messages_, ElementsAre(HasSubstr((run_ / "c").string())));
  std::filesystem::remove(run_ / "c");
  checkpointer.save(4, {}, take);
  EXPECT_TRUE(checkpointer.finish(4));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("step 1"), HasSubstr("written again, at step 4")));
}

TEST_F(CheckpointerTest, ASnapshotThatCannotBeTakenEndsNothing) {
  Checkpointer checkpointer({.folder = run_ / "c"}, *this, 0);
  checkpointer.save(1, {}, [](Snapshot&) { throw std::runtime_error("no memory for it"); });
  EXPECT_FALSE(checkpointer.finish(1));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("no memory for it")));
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_FALSE(ended_[0].saved);
}

TEST(ResumeDifferences, AreWhatCanChangeANumber) {
  const std::map<std::string, std::string> before{{"threads", "1"},
                                                  {"option.optimizer.lr", "0.1"},
                                                  {"option.schedule.name", "\"constant\""},
                                                  {"option.train.steps", "10"},
                                                  {"option.metrics.listen", "\"a\""},
                                                  {"option.logger.0.every", "1"},
                                                  {"option.checkpoint.keep", "1"},
                                                  {"option.train.workers", "1"}};
  EXPECT_THAT(resume_differences(before, before), IsEmpty());
  auto now = before;
  for (const char* key : {"option.train.steps", "option.metrics.listen", "option.logger.0.every",
                          "option.checkpoint.keep", "option.train.workers"}) {
    now[key] = "7";
  }
  EXPECT_THAT(resume_differences(before, now), IsEmpty());
  now["threads"] = "2";
  now.erase("option.optimizer.lr");
  now["option.model.units"] = "3";
  EXPECT_THAT(resume_differences(before, now),
              ElementsAre("model.units is 3 and was not given", "optimizer.lr was 0.1 and is not given",
                          "threads was 1 and is 2"));
}

TEST(ResumeDifferences, BeginWithThoseOfTheData) {
  const std::map<std::string, std::string> before{
      {"data.split.train", "9 samples"}, {"data.split.train.9", "sha256 a"}, {"binade", "1"}};
  EXPECT_THAT(resume_differences(before, before), IsEmpty());
  auto now = before;
  now["data.split.train.9"] = "sha256 b";
  now["binade"] = "2";
  EXPECT_THAT(resume_differences(before, now), ElementsAre("the data of `train` changed", "binade was 1 and is 2"));
  EXPECT_THAT(resume_differences({{"binade", "2"}}, now),
              ElementsAre("the checkpoint does not say what data it was trained on"));
}

TEST(ResumeDifferences, TheLengthCountsWhereTheScheduleLooksAhead) {
  const std::map<std::string, std::string> before{{"option.schedule.name", "\"cosine\""}, {"option.train.steps", "10"}};
  auto now = before;
  now["option.train.steps"] = "20";
  EXPECT_THAT(resume_differences(before, now), ElementsAre("train.steps was 10 and is 20"));
}

}  // namespace
}  // namespace binade::host
