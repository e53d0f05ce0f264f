// Random sequences of overflows, faults and policies: no parameter ever becomes inf or NaN.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/engine/line_training.h"
#include "tests/engine/linked_precision.h"
#include "tests/engine/values.h"
#include "tests/support/campaign.h"

namespace binade::host {
namespace {

using testing::Constants;
using testing::Deciding;
using testing::LineTraining;

class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : random_(seed) {}

  void run() {
    const auto policy = random_policy();
    const bool decides = chance(0.4);
    (decides ? Deciding::constants : Constants::constants) = policy;
    Deciding::decide = [this](const Outcome& outcome) { return random_decision(outcome); };
    PrecisionPolicy precision(decides ? testing::precision_plugin<Deciding>() : testing::precision_plugin<Constants>(),
                              {});
    LineTraining::Setting setting;
    setting.accumulate = 1 + number(2);
    setting.batch_size = 1 + number(2);
    setting.clip_norm = chance(0.5) ? 1 : 0;
    setting.lr = std::pow(10, -static_cast<double>(number(4)));
    setting.ema_decay = chance(0.3) ? 0.9 : 0;
    setting.optimizer = chance(0.5) ? testing::adamw() : testing::sgd(chance(0.5) ? 0.9 : 0);
    LineTraining training(precision, setting);
    const auto rows = testing::Rows::x;
    for (int step = 0; step < 20; ++step) {
      testing::Rows::x = rows;
      if (chance(0.15)) testing::Rows::x[number(rows.size())] = {static_cast<float>(random_value())};
      const auto& record = training.step(random_fault());
      skipped_ += record.skipped ? 1 : 0;
      refused_ += record.refused_scale ? 1 : 0;
      ASSERT_TRUE(training.weights_are_finite()) << "after step " << record.step;
      ASSERT_TRUE(std::isfinite(training.averaged_weight())) << "after step " << record.step;
      ASSERT_TRUE(std::isnormal(static_cast<float>(record.next_loss_scale)) && record.next_loss_scale > 0)
          << record.next_loss_scale;
      if (policy.dynamic_scaling != 0) {
        ASSERT_GE(record.next_loss_scale, policy.min_scale);
      }
    }
    applied_ = 20 - skipped_;
  }

  std::uint64_t skipped() const { return skipped_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t applied() const { return applied_; }

 private:
  bool chance(double probability) { return std::uniform_real_distribution<>()(random_) < probability; }
  std::uint64_t number(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }
  double power(int lowest, int highest) {
    return std::ldexp(1.0, std::uniform_int_distribution<>(lowest, highest)(random_));
  }

  Policy random_policy() {
    constexpr std::uint32_t dtypes[] = {BINADE_FLOAT32, BINADE_BFLOAT16, BINADE_FLOAT16, BINADE_FLOAT16};
    auto policy = autocast(dtypes[number(4)]);
    policy.autocast = policy.compute_dtype == BINADE_FLOAT32 ? 0 : 1;
    policy.dynamic_scaling = policy.compute_dtype == BINADE_FLOAT16 ? 1 : 0;
    policy.min_scale = power(-126, 0);
    policy.init_scale = policy.min_scale * power(0, 127);
    policy.growth_factor = chance(0.5) ? 2 : 1 + power(-10, 60);
    policy.backoff_factor = chance(0.5) ? 0.5 : power(-60, -1);
    policy.growth_interval = 1 + static_cast<std::int64_t>(number(5));
    policy.hysteresis = 1 + static_cast<std::int64_t>(number(3));
    policy.exponents_every = static_cast<std::int64_t>(number(3));
    return policy;
  }

  Decision random_decision(const Outcome& outcome) {
    const double nonsense[] = {0, -1, std::nan(""), infinite, -infinite, 1e-40, 1e39, -0.0, 1e300, 5e-324};
    const double scale = chance(0.3)   ? nonsense[number(std::size(nonsense))]
                         : chance(0.5) ? power(-130, 130)
                                       : outcome.scale * power(-4, 4);
    return {scale, chance(0.9)};
  }

  double random_value() {
    const double values[] = {infinite, -infinite, std::nan(""), 1e30, -1e30, 1e19, 1e10, 3e38, 65504, 1e-40, 0};
    return values[number(std::size(values))];
  }

  std::optional<LineTraining::Fault> random_fault() {
    if (!chance(0.3)) return std::nullopt;
    return LineTraining::Fault{random_value(), number(2)};
  }

  std::mt19937_64 random_;
  std::uint64_t skipped_ = 0, refused_ = 0, applied_ = 0;
};

TEST(AmpSequences, NeverMakeAParameterInfOrNan) {
  Campaign campaign("amp_sequences", 200, 10'000);
  while (const auto seed = campaign.next()) {
    SCOPED_TRACE("sequence " + std::to_string(*seed));
    Sequence sequence(*seed);
    sequence.run();
    if (::testing::Test::HasFatalFailure()) return;
    campaign.count("steps skipped", sequence.skipped());
    campaign.count("scales refused", sequence.refused());
    campaign.count("steps applied", sequence.applied());
  }
  for (const char* what : {"steps skipped", "scales refused", "steps applied"}) EXPECT_GT(campaign.counted(what), 0u);
}

}  // namespace
}  // namespace binade::host
