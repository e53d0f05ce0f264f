// Steps whose loss scale is decided by a plugin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/line_training.h"
#include "tests/engine/linked_precision.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::Deciding;
using testing::LineTraining;

class DecidingPolicy : public ::testing::Test {
 protected:
  DecidingPolicy() {
    Deciding::constants = testing::scaling(1024, 2, 0.5, 1);
    Deciding::constants.min_scale = 1;
    Deciding::decide = [this](const Outcome& outcome) {
      outcomes_.push_back(outcome);
      elements_.push_back(outcome.exponents == nullptr ? -1 : static_cast<int>(outcome.exponents[last_exponent_]));
      return Decision{outcome.scale};
    };
  }

  std::vector<Outcome> outcomes_;
  std::vector<int> elements_;
  std::size_t last_exponent_ = 0;
};

TEST_F(DecidingPolicy, IsToldWhatTheStepFound) {
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  training.step();
  training.step(LineTraining::Fault{inf});
  ASSERT_EQ(outcomes_.size(), 2u);
  EXPECT_EQ(outcomes_[0].step, 1u);
  EXPECT_EQ(outcomes_[0].found_inf, 0u);
  EXPECT_EQ(outcomes_[0].scale, 1024);
  EXPECT_NEAR(outcomes_[0].loss, 30, 1e-3);
  EXPECT_NEAR(outcomes_[0].gradient_norm, 30, 0.1);
  EXPECT_EQ(outcomes_[1].step, 2u);
  EXPECT_EQ(outcomes_[1].found_inf, 1u);
}

TEST_F(DecidingPolicy, SetsTheScaleAndMaySkipTheStep) {
  Deciding::decide = [](const Outcome& outcome) { return Decision{outcome.scale / 4, outcome.step != 1}; };
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  const auto& record = training.step();
  EXPECT_EQ(record.skip_cause, SkipCause::policy);
  EXPECT_EQ(training.weight(), 0);
  EXPECT_EQ(record.next_loss_scale, 256);
  training.step();
  EXPECT_FALSE(record.skipped);
  EXPECT_NE(training.weight(), 0);
}

TEST_F(DecidingPolicy, CannotApplyAStepThatOverflowed) {
  Deciding::decide = [](const Outcome& outcome) { return Decision{outcome.scale, true}; };
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  EXPECT_EQ(training.step(LineTraining::Fault{inf}).skip_cause, SkipCause::overflow);
  EXPECT_EQ(training.weight(), 0);
}

TEST_F(DecidingPolicy, IsNotAskedAboutALossThatIsNotFinite) {
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  testing::Rows::y[0] = {std::nanf("")};
  EXPECT_EQ(training.step().skip_cause, SkipCause::loss);
  EXPECT_TRUE(outcomes_.empty());
}

TEST_F(DecidingPolicy, AnInvalidScaleIsRefusedAndOneBelowTheFloorIsRaisedToIt) {
  double given = 0;
  Deciding::decide = [&](const Outcome&) { return Decision{given}; };
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  for (const double none : {-1.0, 0.0, std::nan(""), static_cast<double>(inf), 1e-40}) {
    given = none;
    const auto& record = training.step();
    EXPECT_TRUE(record.refused_scale) << none;
    EXPECT_EQ(record.next_loss_scale, 1024) << none;
    EXPECT_FALSE(record.skipped);
  }
  given = 0.25;
  EXPECT_EQ(training.step().next_loss_scale, 1);
  given = 2;
  const auto& record = training.step();
  EXPECT_TRUE(record.at_min_scale);
  EXPECT_FALSE(record.refused_scale);
  EXPECT_EQ(record.next_loss_scale, 2);
}

TEST_F(DecidingPolicy, IsToldTheExponentsAsOftenAsItWants) {
  Deciding::constants.exponents_every = 2;
  PrecisionPolicy precision(testing::precision_plugin<Deciding>(), {});
  LineTraining training(precision);
  last_exponent_ = 127 + 4 + 10;  // of a gradient of -30, scaled by 2^10
  for (int i = 0; i < 3; ++i) training.step();
  EXPECT_EQ(elements_[0], 1);
  EXPECT_EQ(elements_[1], -1);
  EXPECT_NE(elements_[2], -1);
}

}  // namespace
}  // namespace binade::host
