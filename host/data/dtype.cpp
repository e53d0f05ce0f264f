// Converts values to element types; half precision in software.
#include "host/data/dtype.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace binade::host {
namespace {

template <class T>
std::optional<Element> bytes_of(T value) {
  Element element{};
  std::memcpy(element.data(), &value, sizeof(value));
  return element;
}

template <class T>
std::optional<Element> integer(double value) {
  // The lower bound is 0 or minus a power of two, the upper one a power of two: the comparisons are exact in double.
  const double bound = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const bool fits = value >= static_cast<double>(std::numeric_limits<T>::min()) && value < bound;
  if (!fits || value != std::trunc(value)) return std::nullopt;
  return bytes_of(static_cast<T>(value));
}

// A 16-bit float: the sign, `exponent_bits`, and the remaining bits for the mantissa.
std::optional<Element> half(double value, int exponent_bits) {
  const int mantissa_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const unsigned infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
  const unsigned sign = std::signbit(value) ? 0x8000u : 0u;
  const double magnitude = std::abs(value);
  if (std::isnan(value)) return bytes_of(static_cast<std::uint16_t>(infinity | 1u << (mantissa_bits - 1)));
  if (std::isinf(value)) return bytes_of(static_cast<std::uint16_t>(sign | infinity));
  // Count units in the last place, which stay the same below the smallest normal number.
  int exponent = 1 - bias;
  if (magnitude != 0) exponent = std::max(exponent, std::ilogb(magnitude));
  const auto units = static_cast<unsigned>(std::nearbyint(std::ldexp(magnitude, mantissa_bits - exponent)));
  // The leading bit of `units` adds one to the exponent field, as does a carry from rounding.
  const unsigned bits = (static_cast<unsigned>(exponent + bias - 1) << mantissa_bits) + units;
  if (exponent > bias || bits >= infinity) return std::nullopt;
  return bytes_of(static_cast<std::uint16_t>(sign | bits));
}

}  // namespace

std::size_t element_size(std::uint32_t dtype) {
  switch (dtype) {
    case BINADE_UINT8:
    case BINADE_INT8:
    case BINADE_BOOL:
      return 1;
    case BINADE_INT16:
    case BINADE_FLOAT16:
    case BINADE_BFLOAT16:
      return 2;
    case BINADE_INT32:
    case BINADE_FLOAT32:
      return 4;
    case BINADE_INT64:
    case BINADE_FLOAT64:
      return 8;
    default:
      return 0;
  }
}

std::optional<Element> to_element(std::uint32_t dtype, double value) {
  switch (dtype) {
    case BINADE_UINT8:
      return integer<std::uint8_t>(value);
    case BINADE_INT8:
      return integer<std::int8_t>(value);
    case BINADE_INT16:
      return integer<std::int16_t>(value);
    case BINADE_INT32:
      return integer<std::int32_t>(value);
    case BINADE_INT64:
      return integer<std::int64_t>(value);
    case BINADE_BOOL:
      return value == 0 || value == 1 ? integer<std::uint8_t>(value) : std::nullopt;
    case BINADE_FLOAT16:
      return half(value, 5);
    case BINADE_BFLOAT16:
      return half(value, 8);
    case BINADE_FLOAT32:
      if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max()) return std::nullopt;
      return bytes_of(static_cast<float>(value));
    case BINADE_FLOAT64:
      return bytes_of(value);
    default:
      return std::nullopt;
  }
}

}  // namespace binade::host
