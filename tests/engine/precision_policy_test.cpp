// What a precision plugin may answer, and how the host uses it.
#include "host/engine/amp/precision_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/engine/linked_precision.h"
#include "tests/engine/values.h"

namespace binade::host {
namespace {

using testing::Constants;
using testing::Deciding;
using ::testing::HasSubstr;
using testing::precision_plugin;

Policy scaled() {
  auto policy = autocast(BINADE_FLOAT16);
  policy.dynamic_scaling = 1;
  return policy;
}

struct Nonsense {
  const char* name;
  std::function<void(Policy&)> change;
  const char* message;
};

class PolicyOfNonsense : public ::testing::TestWithParam<Nonsense> {};

TEST_P(PolicyOfNonsense, IsRefusedWithThePluginsNameAndTheReason) {
  Constants::constants = scaled();
  GetParam().change(Constants::constants);
  try {
    const PrecisionPolicy policy(precision_plugin<Constants>(), {});
    FAIL() << "was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("precision `in_memory`"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, PolicyOfNonsense,
    ::testing::Values(Nonsense{"dtype", [](Policy& p) { p.compute_dtype = BINADE_INT32; }, "compute_dtype"},
                      Nonsense{"bf16_scaled", [](Policy& p) { p.compute_dtype = BINADE_BFLOAT16; }, "only fp16 needs"},
                      Nonsense{"fp32_scaled", [](Policy& p) { p.compute_dtype = BINADE_FLOAT32; }, "only fp16 needs"},
                      Nonsense{"init_zero", [](Policy& p) { p.init_scale = 0; }, "init_scale"},
                      Nonsense{"init_negative", [](Policy& p) { p.init_scale = -1; }, "init_scale"},
                      Nonsense{"init_inf", [](Policy& p) { p.init_scale = infinite; }, "init_scale"},
                      Nonsense{"init_beyond_fp32", [](Policy& p) { p.init_scale = 1e39; }, "init_scale"},
                      Nonsense{"growth_one", [](Policy& p) { p.growth_factor = 1; }, "growth_factor"},
                      Nonsense{"growth_nan", [](Policy& p) { p.growth_factor = std::nan(""); }, "growth_factor"},
                      Nonsense{"growth_inf", [](Policy& p) { p.growth_factor = infinite; }, "growth_factor"},
                      Nonsense{"backoff_one", [](Policy& p) { p.backoff_factor = 1; }, "backoff_factor"},
                      Nonsense{"backoff_zero", [](Policy& p) { p.backoff_factor = 0; }, "backoff_factor"},
                      Nonsense{"backoff_nan", [](Policy& p) { p.backoff_factor = std::nan(""); }, "backoff_factor"},
                      Nonsense{"interval_zero", [](Policy& p) { p.growth_interval = 0; }, "growth_interval"},
                      Nonsense{"floor_zero", [](Policy& p) { p.min_scale = 0; }, "min_scale must be at least"},
                      Nonsense{"floor_subnormal", [](Policy& p) { p.min_scale = 1e-40; }, "min_scale must be at least"},
                      Nonsense{"floor_above_init", [](Policy& p) { p.min_scale = 1e6; }, "min_scale is above"},
                      Nonsense{"hysteresis_zero", [](Policy& p) { p.hysteresis = 0; }, "hysteresis"},
                      Nonsense{"exponents_negative", [](Policy& p) { p.exponents_every = -1; }, "exponents_every"}),
    [](const auto& test) { return test.param.name; });

TEST(PrecisionPolicy, WithoutAnUpdateOfItsOwnLeavesTheScaleToTheHost) {
  Constants::constants = scaled();
  EXPECT_FALSE(PrecisionPolicy(precision_plugin<Constants>(), {}).decides());
  Deciding::constants = scaled();
  EXPECT_TRUE(PrecisionPolicy(precision_plugin<Deciding>(), {}).decides());
  Deciding::constants.dynamic_scaling = 0;
  EXPECT_FALSE(PrecisionPolicy(precision_plugin<Deciding>(), {}).decides()) << "nothing is scaled";
}

TEST(PrecisionPolicy, DecidesNothingOnceItIsReplaced) {
  Deciding::constants = scaled();
  PrecisionPolicy policy(precision_plugin<Deciding>(), {});
  policy.replace(policy.constants());
  EXPECT_TRUE(policy.decides());
  auto other = scaled();
  other.init_scale = 8;
  policy.replace(other);
  EXPECT_FALSE(policy.decides());
  EXPECT_EQ(policy.constants().init_scale, 8);
}

TEST(PrecisionPolicy, TellsTheOutcomeAndPassesTheDecisionOn) {
  Deciding::constants = scaled();
  Deciding::decide = [](const Outcome& outcome) { return Decision{outcome.scale * 3, outcome.found_inf == 0}; };
  PrecisionPolicy policy(precision_plugin<Deciding>(), {});
  const auto good = policy.update({sizeof(binade_outcome), 0, 1, 4, 1, 1, nullptr});
  EXPECT_EQ(good.scale, 12);
  EXPECT_EQ(good.apply, 1u);
  EXPECT_EQ(policy.update({sizeof(binade_outcome), 1, 2, 4, 1, 1, nullptr}).apply, 0u);
}

TEST(PrecisionPolicy, AThrowInUpdateBecomesAnErrorThatNamesThePlugin) {
  Deciding::constants = scaled();
  Deciding::decide = [](const Outcome&) -> Decision { throw std::runtime_error("no idea"); };
  PrecisionPolicy policy(precision_plugin<Deciding>(), {});
  try {
    policy.update({sizeof(binade_outcome), 0, 1, 4, 1, 1, nullptr});
    FAIL() << "passed";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("update() failed: no idea"));
  }
}

TEST(PrecisionPolicy, RejectsInvalidScales) {
  Constants::constants = scaled();
  const PrecisionPolicy policy(precision_plugin<Constants>(), {});
  const auto next = [&](double scale) { return policy.next_scale({sizeof(binade_decision), 1, scale}); };
  for (const double none : {0.0, -0.0, -1.0, std::nan(""), infinite, -infinite, 1e39, 1e-40, 5e-324}) {
    EXPECT_FALSE(next(none)) << none;
  }
  EXPECT_EQ(next(3), 3);
  EXPECT_EQ(next(0.1), 0.1f) << "rounded to fp32";
  EXPECT_EQ(next(1e-37), policy.constants().min_scale);
  EXPECT_EQ(next(3e38), static_cast<float>(3e38));
}

struct Remembering : Constants {
  std::string remembered = "nothing";
  std::string save() const { return remembered; }
  void load(std::string_view state) { remembered = std::string(state); }
};

TEST(PrecisionPolicy, SavesAndLoadsWhatThePluginRemembers) {
  Constants::constants = scaled();
  PrecisionPolicy policy(precision_plugin<Remembering>(), {});
  EXPECT_EQ(policy.save(), "nothing");
  const std::string bytes("a\0b\xff", 4);
  policy.load(bytes);
  EXPECT_EQ(policy.save(), bytes);
  PrecisionPolicy forgetful(precision_plugin<Constants>(), {});
  forgetful.load(bytes);
  EXPECT_EQ(forgetful.save(), "");
}

// As a C author writes it, without the headers of C++.
TEST(PrecisionPolicy, AsksAPlainTableOfCalls) {
  binade_precision_table table = detail::PrecisionShim<Constants>::table;
  table.update = [](void*, const binade_outcome*, binade_decision*, binade_error*) { return std::int32_t{BINADE_OK}; };
  table.save = [](void*, binade_state* state, binade_error*) {
    state->write(state, "ab", 2);
    state->write(state, "c", 1);
    return std::int32_t{BINADE_OK};
  };
  const binade_plugin symbol{sizeof(symbol), BINADE_ABI_MAJOR, BINADE_ABI_MINOR, BINADE_KIND_PRECISION, &table};
  Constants::constants = scaled();
  PrecisionPolicy policy(Plugin::linked(symbol, "plain", &testing::quiet_host()), {});
  EXPECT_EQ(policy.save(), "abc");
  const auto good = policy.update({sizeof(binade_outcome), 0, 1, 4, 1, 1, nullptr});
  EXPECT_EQ(good.apply, 1u);
  EXPECT_EQ(good.scale, 4) << "it arrives as the scale of this step";
  EXPECT_EQ(policy.update({sizeof(binade_outcome), 1, 1, 4, 1, 1, nullptr}).apply, 0u);
}

}  // namespace
}  // namespace binade::host
