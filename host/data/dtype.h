// Element types: sizes and conversions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "binade/abi/tensor.h"

namespace binade::host {

// The size of one element in bytes; 0 for an unknown element type.
std::size_t element_size(std::uint32_t dtype);

using Element = std::array<unsigned char, 8>;  // only the first element_size() bytes are used

// The bytes of `value` in that type; floating-point types round to nearest. Returns nullopt if the type cannot
// represent it: a fraction or a number out of range for an integer type, a finite number out of range for a
// floating-point type.
std::optional<Element> to_element(std::uint32_t dtype, double value);

}  // namespace binade::host
