#include "host/data/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace binade::host {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
T as(const std::optional<Element>& element) {
  T value{};
  std::memcpy(&value, element.value().data(), sizeof(value));
  return value;
}

double decode(std::uint16_t bits, int mantissa_bits) {
  const int exponent_bits = 15 - mantissa_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits & 0x7FFF) >> mantissa_bits;
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return mantissa == 0 ? sign * infinity : std::nan("");
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

TEST(Element, HoldsEveryHalfPrecisionValue) {
  for (const auto& [dtype, mantissa_bits] : {std::pair(BINADE_FLOAT16, 10), std::pair(BINADE_BFLOAT16, 7)}) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      const double value = decode(static_cast<std::uint16_t>(bits), mantissa_bits);
      const auto back = as<std::uint16_t>(to_element(dtype, value));
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(decode(back, mantissa_bits)));
      } else {
        ASSERT_EQ(back, bits) << value;
      }
    }
  }
}

TEST(Element, RoundsHalfPrecisionToTheNearestEven) {
  const auto fp16 = [](double value) { return as<std::uint16_t>(to_element(BINADE_FLOAT16, value)); };
  EXPECT_EQ(fp16(1 + 0x1p-11), 0x3C00);      // between two, the even one
  EXPECT_EQ(fp16(1 + 3 * 0x1p-11), 0x3C02);  // the even one is above
  EXPECT_EQ(fp16(1 + 0x1.1p-11), 0x3C01);    // just above the middle
  EXPECT_EQ(fp16(2 - 0x1p-12), 0x4000);      // up into the next binade
  EXPECT_EQ(fp16(0x1p-25), 0x0000);          // half of the smallest
  EXPECT_EQ(fp16(0x1.8p-25), 0x0001);        //
  EXPECT_EQ(fp16(0x1.FFFp-15), 0x0400);      // from subnormal to normal
  EXPECT_EQ(fp16(65519), 0x7BFF);            // still the largest
  EXPECT_EQ(as<std::uint16_t>(to_element(BINADE_BFLOAT16, 1 + 3 * 0x1p-8)), 0x3F82);
}

TEST(Element, RefusesWhatATypeCannotHold) {
  EXPECT_FALSE(to_element(BINADE_FLOAT16, 65520));
  EXPECT_FALSE(to_element(BINADE_FLOAT16, -1e10));
  EXPECT_FALSE(to_element(BINADE_BFLOAT16, 3.4e38));
  EXPECT_FALSE(to_element(BINADE_FLOAT32, 1e39));
  EXPECT_FALSE(to_element(BINADE_UINT8, 256));
  EXPECT_FALSE(to_element(BINADE_UINT8, -1));
  EXPECT_FALSE(to_element(BINADE_INT8, 128));
  EXPECT_FALSE(to_element(BINADE_INT64, 0x1p63));
  EXPECT_FALSE(to_element(BINADE_INT32, 0.5));
  EXPECT_FALSE(to_element(BINADE_INT32, std::nan("")));
  EXPECT_FALSE(to_element(BINADE_BOOL, 2));
  EXPECT_FALSE(to_element(0, 0));
}

TEST(Element, HoldsTheEndsOfIntegerTypesAndInfinities) {
  EXPECT_EQ(as<std::uint8_t>(to_element(BINADE_UINT8, 255)), 255);
  EXPECT_EQ(as<std::int8_t>(to_element(BINADE_INT8, -128)), -128);
  EXPECT_EQ(as<std::int16_t>(to_element(BINADE_INT16, 32767)), 32767);
  EXPECT_EQ(as<std::int32_t>(to_element(BINADE_INT32, -100)), -100);
  EXPECT_EQ(as<std::int64_t>(to_element(BINADE_INT64, -0x1p63)), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(as<std::uint8_t>(to_element(BINADE_BOOL, 1)), 1);
  EXPECT_EQ(as<float>(to_element(BINADE_FLOAT32, -infinity)), -infinity);
  EXPECT_EQ(as<double>(to_element(BINADE_FLOAT64, 0.1)), 0.1);
  EXPECT_EQ(as<std::uint16_t>(to_element(BINADE_FLOAT16, -infinity)), 0xFC00);
}

}  // namespace
}  // namespace binade::host
