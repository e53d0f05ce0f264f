// Element types: their sizes, and values of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "binade/abi/tensor.h"

namespace binade::host {

// Bytes of one element; 0 for a number that is no element type.
std::size_t element_size(std::uint32_t dtype);

using Element = std::array<unsigned char, 8>;  // element_size() of them count

// `value` in that type, as it lies in memory; floating-point types round to the nearest. nullopt when the type cannot
// hold it: a fraction or a number out of range for an integer type, a finite one beyond the largest for a float.
std::optional<Element> to_element(std::uint32_t dtype, double value);

}  // namespace binade::host
