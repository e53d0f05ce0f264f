// How often this process has allocated from the heap: malloc and its kin, of every library.
#pragma once

#include <cstdint>

std::uint64_t heap_allocations();
