// The three precision policies.
#include "binade/abi/precision.h"

#include <gtest/gtest.h>

#include "tests/plugins/opened_plugin.h"

namespace binade::host {
namespace {

// As the host asks: with struct_size set and everything else zero.
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
}

TEST(Precision, Fp16TakesItsConstantsFromTheExperiment) {
  const auto policy = policy_of("fp16", {{"init_scale", {Scalar(1024.0)}},
                                         {"growth_factor", {Scalar(4.0)}},
                                         {"backoff_factor", {Scalar(0.25)}},
                                         {"growth_interval", integer(50)}});
  EXPECT_EQ(policy.init_scale, 1024.0);
  EXPECT_EQ(policy.growth_factor, 4.0);
  EXPECT_EQ(policy.backoff_factor, 0.25);
  EXPECT_EQ(policy.growth_interval, 50);
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

}  // namespace
}  // namespace binade::host
