// The effective precision of a run, and autocast as a guard.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <thread>

#include "binade/autocast.h"
#include "host/engine/amp/effective_precision.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

binade_policy half(std::uint32_t dtype) {
  auto policy = autocast(dtype);
  policy.dynamic_scaling = dtype == BINADE_FLOAT16 ? 1 : 0;
  return policy;
}

// The table of precisions, row by row: what is asked for, use_amp, where the run is -> what it computes in. An
// empty use_amp keeps what is asked for, true wants half precision on a GPU, all else is fp32. "CPU" is a machine
// without a GPU as well as device = "cpu": "gpu allowed" and "cuda available" come down to where the run is.
struct EffectiveRow {
  std::uint32_t asked;
  std::optional<bool> use_amp;
  bool on_cpu, cpu_allowed;
  std::uint32_t effective;
  bool warns;
};

constexpr std::uint32_t fp32 = BINADE_FLOAT32, fp16 = BINADE_FLOAT16, bf16 = BINADE_BFLOAT16;

const EffectiveRow effective_rows[] = {
    // asked, use_amp, on CPU, allowed there -> effective, with a warning
    {fp32, {}, false, false, fp32, false},    {fp32, {}, true, false, fp32, false},
    {fp32, {}, true, true, fp32, false},      {fp16, {}, false, false, fp16, false},
    {fp16, {}, true, false, fp32, true},      {fp16, {}, true, true, fp16, false},
    {bf16, {}, false, false, bf16, false},    {bf16, {}, true, false, fp32, true},
    {bf16, {}, true, true, bf16, false},      {fp32, true, false, false, fp16, false},
    {fp32, true, true, false, fp32, true},    {fp32, true, true, true, fp16, false},
    {fp16, true, false, false, fp16, false},  {fp16, true, true, false, fp32, true},
    {fp16, true, true, true, fp16, false},    {bf16, true, false, false, bf16, false},
    {bf16, true, true, false, fp32, true},    {bf16, true, true, true, bf16, false},
    {fp32, false, false, false, fp32, false}, {fp16, false, false, false, fp32, false},
    {fp16, false, true, false, fp32, false},  {fp16, false, true, true, fp32, false},
    {bf16, false, false, false, fp32, false}, {bf16, false, true, true, fp32, false},
};

class EffectivePrecision : public ::testing::TestWithParam<EffectiveRow> {};

TEST_P(EffectivePrecision, IsWhatTheTableSays) {
  const auto& row = GetParam();
  const auto asked = row.asked == fp32 ? testing::fp32_policy : half(row.asked);
  const auto effective = effective_precision(asked, row.use_amp, row.on_cpu, row.cpu_allowed);
  EXPECT_EQ(effective.policy.compute_dtype, row.effective);
  EXPECT_EQ(effective.policy.autocast != 0, row.effective != fp32);
  EXPECT_EQ(effective.policy.dynamic_scaling != 0, row.effective == fp16);
  EXPECT_EQ(!effective.warning.empty(), row.warns) << effective.warning;
  if (row.warns) {
    const char* name = row.asked == bf16 ? "bf16" : "fp16";
    EXPECT_NE(effective.warning.find(name), std::string::npos) << effective.warning;
    EXPECT_NE(effective.warning.find("cpu = \"allow\""), std::string::npos) << effective.warning;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, EffectivePrecision, ::testing::ValuesIn(effective_rows));

TEST(UseAmp, WithAnFp32PolicyScalesWithPyTorchsConstants) {
  const auto policy = effective_precision(testing::fp32_policy, true, false, false).policy;
  EXPECT_EQ(policy.init_scale, 65536.0);
  EXPECT_EQ(policy.growth_factor, 2.0);
  EXPECT_EQ(policy.backoff_factor, 0.5);
  EXPECT_EQ(policy.growth_interval, 2000);
}

PrecisionRule rule(std::uint32_t dtype, bool by_plugin = false) {
  return {PrecisionRule::Kind::parameters, "*", dtype, by_plugin};
}

TEST(HalfOverrides, GiveAnFp32PolicyAnAutocastOfFp32) {
  const auto effective = effective_precision(testing::fp32_policy, {}, false, false, true);
  EXPECT_EQ(effective.policy.autocast, 1u);
  EXPECT_EQ(effective.policy.compute_dtype, BINADE_FLOAT32);
  EXPECT_EQ(effective.policy.dynamic_scaling, 0u);
  EXPECT_EQ(effective.warning, "");
  EXPECT_EQ(effective_precision(testing::fp32_policy, {}, true, true, true).policy.autocast, 1u);
  EXPECT_EQ(effective_precision(half(bf16), {}, false, false, true).policy.compute_dtype, bf16);
}

TEST(HalfOverrides, FallBackOnACpuLikeAnyHalfPrecision) {
  const auto effective = effective_precision(testing::fp32_policy, {}, true, false, true);
  EXPECT_EQ(effective.policy.autocast, 0u);
  EXPECT_NE(effective.warning.find("asks for half precision, but this run is on the CPU"), std::string::npos)
      << effective.warning;
  EXPECT_EQ(effective_precision(testing::fp32_policy, false, true, true, true).policy.autocast, 0u);
}

TEST(OverridesWarning, SaysWhenThereIsNoAutocastForThem) {
  EXPECT_NE(warning_about({rule(fp32)}, testing::fp32_policy).find("have no effect"), std::string::npos);
  EXPECT_EQ(warning_about({rule(fp32)}, half(bf16)), "");
  EXPECT_EQ(warning_about({rule(fp32, true)}, testing::fp32_policy), "") << "nobody asked for it here";
  EXPECT_EQ(warning_about({}, testing::fp32_policy), "");
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

TEST(Autocast, IsOffInAnIslandAndComesBack) {
  const Autocast outer(at::kCPU, at::kBFloat16);
  {
    const Autocast island(at::kCPU, at::kHalf, false);
    EXPECT_EQ(type_of_linear(), at::kFloat);
    {
      const Autocast inner(at::kCPU, at::kHalf);
      EXPECT_EQ(type_of_linear(), at::kHalf);
    }
    EXPECT_EQ(type_of_linear(), at::kFloat);
  }
  EXPECT_EQ(type_of_linear(), at::kBFloat16);
}

TEST(Autocast, EndsWithItsScopeWhenThatIsLeftByAnException) {
  const auto dtype = at::autocast::get_autocast_dtype(at::kCPU);
  try {
    const Autocast autocast(at::kCPU, at::kHalf);
    at::linear(at::ones({2, 3}), at::ones({4, 5}));
    FAIL() << "the shapes do not fit";
  } catch (const c10::Error&) {
  }
  EXPECT_EQ(type_of_linear(), at::kFloat);
  EXPECT_EQ(at::autocast::get_autocast_dtype(at::kCPU), dtype);
  EXPECT_EQ(at::autocast::increment_nesting(), 1);
  at::autocast::decrement_nesting();
  EXPECT_THROW(Autocast(at::kFPGA, at::kHalf), c10::Error) << "a device without autocast";
  EXPECT_EQ(at::autocast::increment_nesting(), 1);
  at::autocast::decrement_nesting();
}

TEST(Autocast, IsOfItsThreadAlone) {
  const Autocast autocast(at::kCPU, at::kBFloat16);
  at::ScalarType without = at::kLong, with = at::kLong;
  std::thread thread([&] {
    without = type_of_linear();
    const Autocast own(at::kCPU, at::kHalf);
    with = type_of_linear();
  });
  thread.join();
  EXPECT_EQ(without, at::kFloat);
  EXPECT_EQ(with, at::kHalf);
  EXPECT_EQ(type_of_linear(), at::kBFloat16);
}

// In older versions of PyTorch a cast that was cached without gradient was taken from the cache later, and the gradient
// lost (pytorch/pytorch issue 112583).
TEST(Autocast, LosesNoGradientToACastMadeWithoutIt) {
  const auto weight = at::ones({4, 3}).requires_grad_(true);
  const Autocast autocast(at::kCPU, at::kBFloat16);
  {
    const at::NoGradGuard no_grad;
    at::linear(at::ones({1, 3}), weight);
  }
  at::linear(at::ones({1, 3}), weight).sum().backward();
  ASSERT_TRUE(weight.grad().defined());
  EXPECT_EQ(weight.grad().sum().item<float>(), 12);
}

TEST(Autocast, CastsAWeightOnceInARegion) {
  const auto weight = at::ones({4, 3}).requires_grad_(true);
  const Autocast autocast(at::kCPU, at::kBFloat16);
  const auto before = at::linear(at::ones({1, 3}), weight).sum();
  weight.detach().fill_(2);
  EXPECT_EQ(at::linear(at::ones({1, 3}), weight).sum().item<float>(), before.item<float>()) << "from the cache";
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
