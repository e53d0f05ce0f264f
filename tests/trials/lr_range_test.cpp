#include "host/trials/lr_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LrRangeTest : public ::testing::Test {
 protected:
  LrCurve read(const std::string& lines) {
    folder_.write("metrics.jsonl", lines);
    return read_curve(folder_.path() / "metrics.jsonl");
  }
  static std::string line(double lr, const std::string& loss, const std::string& more = "") {
    return "{\"split\":\"train\",\"lr\":" + std::to_string(lr) + ",\"loss\":" + loss + more + "}\n";
  }

  TemporaryFolder folder_;
};

// A loss that falls around `best` and explodes beyond 1.
LrCurve curve(double best) {
  LrCurve made;
  for (int i = 0; i < 100; ++i) {
    const double lr = std::pow(10, -7 + 8 * i / 99.0);
    made.rates.push_back(lr);
    made.smoothed.push_back(2 - std::tanh(2 * std::log10(lr / best)) + (lr > 1 ? lr : 0));
  }
  made.losses = made.smoothed;
  return made;
}

TEST_F(LrRangeTest, SuggestsWhereTheLossFallsFastest) {
  for (const double best : {1e-4, 1e-3, 1e-2}) {
    const auto suggestion = suggested_rate(curve(best));
    ASSERT_TRUE(suggestion);
    EXPECT_NEAR(std::log10(*suggestion), std::log10(best), 0.1);
  }
}

TEST_F(LrRangeTest, AFallAfterTheExplosionIsNotSuggested) {
  auto erratic = curve(1e-3);
  for (std::size_t i = 90; i < 95; ++i) erratic.smoothed[i] += 50;
  const auto suggestion = suggested_rate(erratic);
  ASSERT_TRUE(suggestion);
  EXPECT_NEAR(std::log10(*suggestion), -3, 0.1);
}

TEST_F(LrRangeTest, SuggestsNothingWhereTheLossDoesNotFall) {
  auto rising = curve(1e-3);
  for (auto& loss : rising.smoothed) loss = 5 - loss;
  rising.smoothed.resize(60);
  rising.rates.resize(60);
  EXPECT_FALSE(suggested_rate(rising));
  LrCurve flat = curve(1e-3);
  flat.smoothed.assign(100, 0.7);
  EXPECT_FALSE(suggested_rate(flat));
  EXPECT_FALSE(suggested_rate(LrCurve{{1, 2, 3}, {3, 2, 1}, {3, 2, 1}})) << "too short";
}

TEST_F(LrRangeTest, ReadsTrainingLossesUntilTheyDiverge) {
  const auto read_back =
      read(line(0.1, "2") + line(0.2, "1", ",\"skipped\":true") + "{\"split\":\"validation\",\"loss\":9}\n" +
           line(0.3, "1.9") + line(0.4, "1e6") + line(0.5, "1"));
  EXPECT_THAT(read_back.rates, ElementsAre(0.1, 0.3));
  EXPECT_THAT(read_back.losses, ElementsAre(2, 1.9));
  EXPECT_NEAR(read_back.smoothed[1], (0.9 * 0.1 * 2 + 0.1 * 1.9) / 0.19, 1e-12);
}

TEST_F(LrRangeTest, EndsAtALossThatIsNotFinite) {
  EXPECT_THAT(read(line(0.1, "2") + line(0.2, "null") + line(0.3, "1")).rates, SizeIs(1));
}

TEST_F(LrRangeTest, PlotsTheCurveWithItsEnds) {
  const auto text = plotted(curve(1e-3), 40, 8);
  EXPECT_THAT(text, HasSubstr("1.0e-07"));
  EXPECT_THAT(text, HasSubstr("1.0e+01"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
}

}  // namespace
}  // namespace binade::host
