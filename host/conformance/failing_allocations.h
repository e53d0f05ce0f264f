// An operator new that fails on request. Linking this file replaces operator new in the whole program.
#pragma once

#include <cstdint>

namespace binade::host {

// While it lives, allocation number `failing` (from 0) by operator new on this thread throws std::bad_alloc; all others
// succeed. A thread must not have two at a time.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::uint64_t failing) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  // Allocations of this thread since the constructor.
  std::uint64_t count() const noexcept;
};

}  // namespace binade::host
