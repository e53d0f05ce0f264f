// Detection of hangs.
#include "host/telemetry/watchdog.h"

#include <gmock/gmock.h>

#include <future>

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

WatchdogLimits limits(Activity activity, double seconds, double plugin_call = 0) {
  WatchdogLimits limits;
  limits.activities[static_cast<std::size_t>(activity)] = seconds;
  limits.plugin_call = plugin_call;
  return limits;
}

class HangDetectorTest : public ::testing::Test {
 protected:
  std::vector<WatchedPlugin> plugins() const { return {{"net", "1.2.0", "model", calls_}}; }

  Progress progress_;
  std::shared_ptr<CallTimes> calls_ = std::make_shared<CallTimes>();
};

TEST_F(HangDetectorTest, FindsAPhaseThatLastsItsLimit) {
  HangDetector detector(limits(Activity::backward, 10), progress_, plugins());
  progress_.enter(Activity::backward, 12);
  EXPECT_FALSE(detector.look(9)) << "before it was first seen, nothing counts";
  EXPECT_FALSE(detector.look(6));
  const auto hang = detector.look(4);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->text, AllOf(HasSubstr("step 12, backward for 10 s"), HasSubstr("[watchdog] backward allows 10 s"),
                                HasSubstr("no plugin call is in progress")));
  EXPECT_EQ(hang->at.step, 12u);
}

TEST_F(HangDetectorTest, TheSamePhaseAgainIsTimedAnew) {
  HangDetector detector(limits(Activity::evaluation, 10), progress_, plugins());
  for (int batch = 0; batch < 20; ++batch) {
    progress_.enter(Activity::evaluation, 12);
    EXPECT_FALSE(detector.look(6));
  }
}

TEST_F(HangDetectorTest, OtherPhasesHaveTheirOwnLimits) {
  HangDetector detector(limits(Activity::data, 10), progress_, plugins());
  progress_.enter(Activity::checkpoint, 12);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(detector.look(6));
}

TEST_F(HangDetectorTest, NamesTheCallsThatAPhaseMayWaitFor) {
  HangDetector detector(limits(Activity::data, 10), progress_, plugins());
  progress_.enter(Activity::data, 3);
  const CallTimes::Mark mark(calls_.get(), "read");
  detector.look(1);
  detector.look(4);
  const auto hang = detector.look(6);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->text, HasSubstr("in progress: read() of plugin `net` 1.2.0 (model), for 10 s"));
}

TEST_F(HangDetectorTest, FindsACallOfAPluginAndSaysWhereTheTrainingThreadIs) {
  HangDetector detector(limits(Activity::data, 0, 10), progress_, plugins());
  progress_.enter(Activity::forward, 7);
  const CallTimes::Mark mark(calls_.get(), "forward");
  EXPECT_FALSE(detector.look(9));
  EXPECT_FALSE(detector.look(9));
  const auto hang = detector.look(1);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->text, AllOf(HasSubstr("plugin `net` 1.2.0 (model) hangs: it has been in forward() for 10 s"),
                                HasSubstr("the training thread is in step 7, forward")));
}

TEST_F(HangDetectorTest, ManyShortCallsAreNotOneLongCall) {
  HangDetector detector(limits(Activity::data, 0, 10), progress_, plugins());
  for (int i = 0; i < 20; ++i) {
    const CallTimes::Mark mark(calls_.get(), "forward");
    EXPECT_FALSE(detector.look(6));
  }
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(detector.look(6)) << "none is under way";
}

TEST_F(HangDetectorTest, CallsSideBySideAreToldApart) {
  HangDetector detector(limits(Activity::data, 0, 10), progress_, plugins());
  const CallTimes::Mark hung(calls_.get(), "read");
  for (int i = 0; i < 2; ++i) {
    const CallTimes::Mark mark(calls_.get(), "describe");
    EXPECT_FALSE(detector.look(4));
  }
  detector.look(4);
  const auto hang = detector.look(4);
  ASSERT_TRUE(hang);
  EXPECT_THAT(hang->text, HasSubstr("in read()"));
}

TEST_F(HangDetectorTest, MoreCallsAtOnceThanPlacesAreNotMarked) {
  std::vector<std::unique_ptr<CallTimes::Mark>> marks;
  for (std::size_t i = 0; i < CallTimes::max_under_way + 2; ++i) {
    marks.push_back(std::make_unique<CallTimes::Mark>(calls_.get(), "read"));
  }
  marks.clear();
  for (const auto& call : calls_->under_way()) EXPECT_EQ(call.call, nullptr);
}

TEST(Progress, AHaltedThreadStaysWhereItIsFound) {
  Progress progress;
  progress.enter(Activity::forward, 1);
  const auto before = progress.read();
  progress.enter(Activity::backward, 1);
  EXPECT_FALSE(progress.halt(before)) << "it has gone on";
  EXPECT_TRUE(progress.halt(progress.read()));
}

TEST(WatchdogTest, GivesOneAlarmByItself) {
  Progress progress;
  progress.enter(Activity::data, 5);
  std::promise<std::string> alarm;
  const Watchdog watchdog(HangDetector(limits(Activity::data, 0.01), progress, {}),
                          [&](const Hang& hang) { alarm.set_value(hang.text); });  // a second one would throw
  EXPECT_THAT(alarm.get_future().get(), HasSubstr("step 5, data"));
}

TEST(WatchdogTest, EndsAtOnceWhereNothingHangs) {
  const Progress progress;
  const Watchdog watchdog(HangDetector(limits(Activity::starting, 0), progress, {}),
                          [](const Hang&) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace binade::host
