// Which precision the host chooses by itself, and why.
#include "host/engine/amp/precision_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace binade::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double untried = std::numeric_limits<double>::infinity();

TEST(OwnChoice, IsFp32WhereHalfPrecisionDoesNotPay) {
  const auto slower = auto_precision({0.001, 0.002, untried}, true);
  EXPECT_EQ(slower.policy.compute_dtype, BINADE_FLOAT32);
  EXPECT_EQ(slower.policy.autocast, 0u);
  EXPECT_THAT(slower.reason,
              AllOf(HasSubstr("fp32, since"), HasSubstr("CPU"), HasSubstr("1 ms in fp32, 2 ms in bf16")));
  EXPECT_EQ(auto_precision({0.001, 0.0009, untried}, true).policy.compute_dtype, BINADE_FLOAT32)
      << "casting has its price";
  EXPECT_THAT(auto_precision({1, 1, 1}, false).reason, HasSubstr("GPU"));
}

TEST(OwnChoice, IsBf16WhereThatPays) {
  const auto choice = auto_precision({0.003, 0.001, untried}, true);
  EXPECT_EQ(choice.policy.compute_dtype, BINADE_BFLOAT16);
  EXPECT_EQ(choice.policy.autocast, 1u);
  EXPECT_EQ(choice.policy.dynamic_scaling, 0u);
  EXPECT_EQ(auto_precision({0.003, 0.001, 0.0009}, false).policy.compute_dtype, BINADE_BFLOAT16)
      << "not so much faster that scaling is worth it";
}

TEST(OwnChoice, IsScaledFp16WhereOnlyThatIsFast) {
  const auto choice = auto_precision({0.003, 0.006, 0.001}, false);
  EXPECT_EQ(choice.policy.compute_dtype, BINADE_FLOAT16);
  EXPECT_EQ(choice.policy.dynamic_scaling, 1u);
  EXPECT_THAT(choice.reason, HasSubstr("1 ms in fp16"));
}

TEST(OwnChoice, IsBasedOnAMeasurementOfThisMachine) {
  const auto seconds = measure_products(c10::Device(c10::kCPU));
  EXPECT_GT(seconds.fp32, 0);
  EXPECT_GT(seconds.bf16, 0);
  EXPECT_EQ(seconds.fp16, untried) << "some hundred times slower where it is not native";
}

}  // namespace
}  // namespace binade::host
