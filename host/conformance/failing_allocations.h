// operator new that fails when a check asks for it. Linking this replaces the one of the whole program.
#pragma once

#include <cstdint>

namespace binade::host {

// While it lives, allocation `failing`, from 0, by operator new on this thread throws std::bad_alloc; those before and
// after it succeed. One at a time on a thread.
class FailingAllocation {
 public:
  explicit FailingAllocation(std::uint64_t failing) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  // Since the constructor, on this thread.
  std::uint64_t count() const noexcept;
};

}  // namespace binade::host
