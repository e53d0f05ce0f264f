// Messages about skipped steps.
#include "host/engine/loop/skip_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binade::host {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SkipReportTest : public ::testing::Test {
 protected:
  std::optional<SkipReport::Message> step(SkipCause cause, std::int32_t parameter = 0, double change = 1) {
    ++record_.step;
    record_.loss_scale = record_.next_loss_scale;
    record_.next_loss_scale = cause == SkipCause::overflow ? record_.loss_scale / 2 : record_.loss_scale * change;
    record_.skip_cause = cause;
    record_.skipped = cause != SkipCause::none;
    record_.nonfinite.first = record_.skipped ? parameter : -1;
    return report_.add(record_);
  }
  std::string text(SkipCause cause, std::int32_t parameter = 0) {
    const auto message = step(cause, parameter);
    return message ? (message->expected ? "" : "! ") + message->text : "nothing";
  }

  SkipReport report_{{"blocks.3.attention.qkv.weight", "head"}, true};
  StepRecord record_ = [] {
    StepRecord record;
    record.next_loss_scale = 65536;
    return record;
  }();
};

TEST_F(SkipReportTest, SaysWhereHowOftenAndThatCalibrationIsExpected) {
  for (int i = 0; i < 2; ++i) step(SkipCause::overflow);
  for (int i = 2; i < 999; ++i) EXPECT_FALSE(step(SkipCause::none));
  EXPECT_EQ(text(SkipCause::overflow),
            "step 1000 skipped: overflow in `blocks.3.attention.qkv.weight` at loss scale 16384; 3rd skip in 1000 "
            "steps; expected while the scale calibrates");
  step(SkipCause::none);
  EXPECT_THAT(text(SkipCause::overflow), HasSubstr("2nd skip in 1000 steps")) << "the first two have left the window";
}

TEST_F(SkipReportTest, ExpectsASkipAfterTheScaleHasGrown) {
  step(SkipCause::none, 0, 2);
  EXPECT_THAT(text(SkipCause::overflow), HasSubstr("the scale had grown too high"));
}

TEST_F(SkipReportTest, DoesNotWorryAboutASingleOneAfterCalibration) {
  step(SkipCause::none, 0, 2);
  step(SkipCause::overflow);
  step(SkipCause::none);
  EXPECT_THAT(text(SkipCause::overflow), ::testing::AllOf(HasSubstr("a single step"), Not(HasSubstr("! "))));
}

TEST_F(SkipReportTest, WorriesWhenMoreThanAFifthIsSkipped) {
  for (int i = 0; i < 100; ++i) step(SkipCause::none, 0, i == 0 ? 2 : 1);
  std::string last;
  for (int i = 0; i < 60; ++i) {
    if (const auto message = step(SkipCause::overflow)) last = message->text;
    step(SkipCause::none);
    step(SkipCause::none, 0, 2);
  }
  EXPECT_THAT(last, HasSubstr("more than a fifth of the steps is skipped"));
}

TEST_F(SkipReportTest, WorriesWhenSkipsContinueAfterCalibration) {
  step(SkipCause::none, 0, 2);
  step(SkipCause::overflow);
  EXPECT_THAT(text(SkipCause::overflow, 1), ::testing::AllOf(HasSubstr("! "), HasSubstr("overflow in `head`"),
                                                             HasSubstr("2 in a row"), HasSubstr("may diverge")));
}

TEST_F(SkipReportTest, WorriesAtTheFloorAboutNanAndAboutTheNorm) {
  record_.at_min_scale = true;
  EXPECT_THAT(text(SkipCause::overflow), ::testing::AllOf(HasSubstr("! "), HasSubstr("at its floor")));
  record_.at_min_scale = false;
  EXPECT_THAT(text(SkipCause::nan), ::testing::AllOf(HasSubstr("! "), HasSubstr("no scale prevents NaN")));
  EXPECT_THAT(text(SkipCause::norm, -1), ::testing::AllOf(HasSubstr("! "), HasSubstr("training diverges")));
}

TEST_F(SkipReportTest, WithoutScalingAnOverflowIsTheModelsOrTheDatas) {
  report_ = SkipReport({"w"}, false);
  EXPECT_THAT(text(SkipCause::overflow), ::testing::AllOf(HasSubstr("! "), HasSubstr("overflow in `w`; 1st skip")));
}

TEST_F(SkipReportTest, DoesNotWorryAboutAPolicysOwnDecision) {
  EXPECT_THAT(text(SkipCause::policy, -1), HasSubstr("the precision policy decided so at loss scale "
                                                     "65536; 1st skip in 1 steps; the policy's own decision"));
}

TEST_F(SkipReportTest, TellsTheFirstOnesThenTheTenthAndTheHundredth) {
  std::vector<std::uint64_t> told;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    if (step(SkipCause::overflow)) told.push_back(i);
  }
  EXPECT_THAT(told, ::testing::ElementsAre(1, 2, 3, 4, 5, 10, 100, 1000));
}

TEST_F(SkipReportTest, CountsByCauseAndGradientTheMostFrequentFirst) {
  step(SkipCause::overflow, 1);
  for (int i = 0; i < 2; ++i) step(SkipCause::overflow, 0);
  EXPECT_FALSE(step(SkipCause::loss, -1)) << "the loop tells it with its samples";
  const auto counts = report_.counts();
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[0].parameter, "blocks.3.attention.qkv.weight");
  EXPECT_EQ(counts[0].steps, 2u);
  EXPECT_EQ(counts[1].parameter, "head");
  EXPECT_EQ(counts[2].cause, SkipCause::loss);
  EXPECT_EQ(counts[2].parameter, "");
}

}  // namespace
}  // namespace binade::host
