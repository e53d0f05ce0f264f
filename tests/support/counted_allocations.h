// Counts what the whole test program allocates with `new`: it replaces the operators.
#pragma once

#include <cstdint>

std::uint64_t counted_allocations();
