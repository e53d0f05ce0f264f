// Which precision a run really has, and autocast as a guard.
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "host/engine/autocast.h"
#include "host/engine/effective_precision.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

binade_policy half(std::uint32_t dtype) {
  return {sizeof(binade_policy), dtype, 1, dtype == BINADE_FLOAT16 ? 1u : 0u, 65536.0, 2.0, 0.5, 2000};
}

TEST(EffectivePrecision, FallsBackToFp32OnTheCpuAndSaysWhy) {
  for (const auto& [dtype, name] : {std::pair{BINADE_FLOAT16, "fp16"}, std::pair{BINADE_BFLOAT16, "bf16"}}) {
    const auto effective = effective_precision(half(dtype), /*on_cpu=*/true, /*cpu_allowed=*/false);
    EXPECT_EQ(effective.policy.compute_dtype, std::uint32_t{BINADE_FLOAT32});
    EXPECT_EQ(effective.policy.autocast, 0u);
    EXPECT_EQ(effective.policy.dynamic_scaling, 0u);
    EXPECT_NE(effective.warning.find(name), std::string::npos) << effective.warning;
    EXPECT_NE(effective.warning.find("cpu = \"allow\""), std::string::npos) << effective.warning;
  }
}

TEST(EffectivePrecision, KeepsThePolicyWhereItIsAllowedOrOnAGpuOrAlreadyFp32) {
  EXPECT_EQ(effective_precision(half(BINADE_FLOAT16), true, true).policy.dynamic_scaling, 1u);
  EXPECT_EQ(effective_precision(half(BINADE_FLOAT16), false, false).policy.autocast, 1u);
  EXPECT_TRUE(effective_precision(half(BINADE_FLOAT16), false, false).warning.empty());
  EXPECT_TRUE(effective_precision(testing::fp32_policy, true, false).warning.empty());
}

at::ScalarType type_of_linear() { return at::linear(at::ones({2, 3}), at::ones({4, 3})).scalar_type(); }

TEST(Autocast, ChoosesThePrecisionInItsScopeOnly) {
  {
    const Autocast autocast(at::kCPU, at::kBFloat16, true);
    EXPECT_EQ(type_of_linear(), at::kBFloat16);
    {
      const Autocast inner(at::kCPU, at::kHalf, true);
      EXPECT_EQ(type_of_linear(), at::kHalf);
    }
    EXPECT_EQ(type_of_linear(), at::kBFloat16);
  }
  EXPECT_EQ(type_of_linear(), at::kFloat);
}

TEST(Autocast, DoesNothingWhenNotEnabled) {
  const Autocast autocast(at::kCPU, at::kBFloat16, false);
  EXPECT_EQ(type_of_linear(), at::kFloat);
}

TEST(Autocast, DropsCachedWeightsAtItsOutermostExit) {
  const auto weight = at::ones({4, 3}).requires_grad_(true);
  const auto run = [&] {
    const Autocast autocast(at::kCPU, at::kBFloat16, true);
    return at::linear(at::ones({1, 3}), weight).to(at::kFloat).sum().item<float>();
  };
  EXPECT_EQ(run(), 12);
  weight.detach().fill_(2);
  EXPECT_EQ(run(), 24);
}

}  // namespace
}  // namespace binade::host
