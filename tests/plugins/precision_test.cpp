// The built-in precision policies.
#include "binade/abi/precision.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>

#include "tests/plugins/opened_plugin.h"

namespace binade::host {
namespace {

// Calls the policy like the host: with struct_size set and everything else zero.
binade_policy policy_of(const std::string& name, const GivenOptions& given = {}) {
  const OpenedPlugin opened(name);
  const auto table = opened.plugin().table<binade_precision_table>();
  const auto options = opened.options(given);
  const OptionsView view(options);
  void* self = nullptr;
  opened.plugin().call(
      "create", [&](binade_error* error) { return table.create(opened.plugin().host(), view.table(), &self, error); });
  binade_policy policy{};
  policy.struct_size = sizeof(policy);
  opened.plugin().call("policy", [&](binade_error* error) { return table.policy(self, &policy, error); });
  table.destroy(self);
  return policy;
}

TEST(Precision, Fp32NeitherCastsNorScales) {
  const auto policy = policy_of("fp32");
  EXPECT_EQ(policy.compute_dtype, BINADE_FLOAT32);
  EXPECT_EQ(policy.autocast, 0u);
  EXPECT_EQ(policy.dynamic_scaling, 0u);
}

TEST(Precision, Bf16CastsWithoutScaling) {
  const auto policy = policy_of("bf16");
  EXPECT_EQ(policy.compute_dtype, BINADE_BFLOAT16);
  EXPECT_EQ(policy.autocast, 1u);
  EXPECT_EQ(policy.dynamic_scaling, 0u);
}

TEST(Precision, Fp16ScalesWithPyTorchsConstants) {
  const auto policy = policy_of("fp16");
  EXPECT_EQ(policy.struct_size, sizeof(binade_policy));
  EXPECT_EQ(policy.compute_dtype, BINADE_FLOAT16);
  EXPECT_EQ(policy.autocast, 1u);
  EXPECT_EQ(policy.dynamic_scaling, 1u);
  EXPECT_EQ(policy.init_scale, 65536.0);
  EXPECT_EQ(policy.growth_factor, 2.0);
  EXPECT_EQ(policy.backoff_factor, 0.5);
  EXPECT_EQ(policy.growth_interval, 2000);
  EXPECT_EQ(policy.min_scale, std::ldexp(1.0, -14)) << "which PyTorch has not";
  EXPECT_EQ(policy.hysteresis, 1);
}

TEST(Precision, Fp16TakesItsConstantsFromTheExperiment) {
  const auto policy = policy_of("fp16", {{"init_scale", {Scalar(1024.0)}},
                                         {"growth_factor", {Scalar(4.0)}},
                                         {"backoff_factor", {Scalar(0.25)}},
                                         {"growth_interval", integer(50)},
                                         {"min_scale", {Scalar(0.5)}},
                                         {"hysteresis", integer(3)}});
  EXPECT_EQ(policy.init_scale, 1024.0);
  EXPECT_EQ(policy.growth_factor, 4.0);
  EXPECT_EQ(policy.backoff_factor, 0.25);
  EXPECT_EQ(policy.growth_interval, 50);
  EXPECT_EQ(policy.min_scale, 0.5);
  EXPECT_EQ(policy.hysteresis, 3);
}

TEST(Precision, Fp16RefusesAFloorAboveItsFirstScale) {
  try {
    policy_of("fp16", {{"min_scale", {Scalar(1e6)}}});
    FAIL() << "was taken";
  } catch (const PluginError& error) {
    EXPECT_NE(std::string(error.what()).find("min_scale must not be above init_scale"), std::string::npos)
        << error.what();
  }
}

TEST(Precision, Fp16sManifestRefusesConstantsThatNeverAdapt) {
  const OpenedPlugin opened("fp16");
  for (const auto& spec : opened.file().manifest.options) {
    ASSERT_TRUE(spec.min) << spec.name;
    if (spec.name == "growth_factor") {
      EXPECT_GT(*spec.min, 1.0);
    }
    if (spec.name == "backoff_factor") {
      EXPECT_LT(spec.max.value(), 1.0);
    }
    if (spec.name == "init_scale" || spec.name == "backoff_factor") {
      EXPECT_GT(*spec.min, 0.0);
    }
  }
}

// The example policy with its own update().
class Headroom : public ::testing::Test {
 protected:
  Headroom() : table_(opened_.plugin().table<binade_precision_table>()) {
    const auto options = opened_.options({{"headroom", integer(4)}, {"every", integer(10)}});
    const OptionsView view(options);
    call("create", [&](auto* error) { return table_.create(opened_.plugin().host(), view.table(), &self_, error); });
  }
  ~Headroom() override { table_.destroy(self_); }

  template <class Call>
  void call(const char* name, Call&& call) {
    opened_.plugin().call(name, call);
  }

  double next_scale(double scale, bool found_inf, std::optional<int> largest_exponent = {}) {
    std::array<std::uint64_t, BINADE_EXPONENTS> counts{};
    counts[0] = 5;
    if (largest_exponent) counts[static_cast<std::size_t>(127 + *largest_exponent)] = 1;
    if (largest_exponent > -127) counts[127 - 40] = 100;
    const binade_outcome outcome{
        sizeof(outcome), found_inf ? 1u : 0u, 1, scale, 1, 1, largest_exponent ? counts.data() : nullptr};
    binade_decision decision{sizeof(decision), 1, scale};
    call("update", [&](auto* error) { return table_.update(self_, &outcome, &decision, error); });
    return decision.scale;
  }

  OpenedPlugin opened_{"fp16_headroom"};
  binade_precision_table table_;
  void* self_ = nullptr;
};

TEST_F(Headroom, KeepsTheLargestGradientSoManyBinadesBelowOverflow) {
  EXPECT_EQ(next_scale(1024, false, 3), 1024 * std::ldexp(1.0, 15 - 4 - 3));
  EXPECT_EQ(next_scale(1024, false, 14), 1024 / 8.0);
  EXPECT_EQ(next_scale(1024, false, 11), 1024);
}

TEST_F(Headroom, LeavesTheScaleWhereAllGradientsAreZero) { EXPECT_EQ(next_scale(1024, false, -127), 1024); }

TEST_F(Headroom, LeavesTheScaleBetweenItsLooks) { EXPECT_EQ(next_scale(1024, false), 1024); }

TEST_F(Headroom, FallsFasterWithEachOverflowInARowAndRemembersThatInItsState) {
  EXPECT_EQ(next_scale(1024, true), 512);
  EXPECT_EQ(next_scale(512, true), 128);
  std::string bytes;
  struct Sink {
    binade_state base;
    std::string* bytes;
  } sink{{sizeof(binade_state), 0,
          [](binade_state* self, const void* data, std::uint64_t size) {
            reinterpret_cast<Sink*>(self)->bytes->append(static_cast<const char*>(data), size);
          }},
         &bytes};
  call("save", [&](auto* error) { return table_.save(self_, &sink.base, error); });
  EXPECT_EQ(next_scale(128, true), 8);
  next_scale(8, false);
  EXPECT_EQ(next_scale(8, true), 4) << "no longer in a row";
  call("load", [&](auto* error) { return table_.load(self_, bytes.data(), bytes.size(), error); });
  EXPECT_EQ(next_scale(128, true), 8);
}

TEST_F(Headroom, WantsTheExponentsAsOftenAsTheExperimentSays) {
  binade_policy policy{};
  policy.struct_size = sizeof(policy);
  call("policy", [&](auto* error) { return table_.policy(self_, &policy, error); });
  EXPECT_EQ(policy.exponents_every, 10);
  EXPECT_EQ(policy.dynamic_scaling, 1u);
  EXPECT_EQ(policy.compute_dtype, BINADE_FLOAT16);
}

}  // namespace
}  // namespace binade::host
