// The services of an older host, or of one whose calls fail.
#pragma once

#include <cstdint>
#include <limits>

#include "binade/abi/plugin.h"
#include "host/conformance/guarded_memory.h"

namespace binade::host {

// Forwards all calls to `real`, which must outlive it. Its table has the length of that ABI minor and ends at a page
// that must not be touched. For one thread, except for updates of series.
class FakeHost {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  // Of the calls that may fail, number `failing` (from 0) returns nothing.
  FakeHost(const binade_host* real, std::uint32_t minor, std::uint64_t failing = never);

  const binade_host* host() const { return reinterpret_cast<const binade_host*>(memory_.data() + sizeof(void*)); }
  // Calls so far that may fail.
  std::uint64_t calls() const { return calls_; }

 private:
  static FakeHost& of(const binade_host* host);
  bool fails() { return calls_++ == failing_; }

  const binade_host* real_;
  std::uint64_t failing_, calls_ = 0;
  GuardedMemory memory_;  // a pointer to this, then the table
};

}  // namespace binade::host
