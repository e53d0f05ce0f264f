// Plugins and libstdc++ look for operator new in the program first, so they use this one, too. The other forms (arrays,
// nothrow, sized) call one of these in libstdc++.
#include "host/conformance/failing_allocations.h"

#include <cstdlib>
#include <new>

namespace binade::host {
namespace {

// Only globals can tell operator new that a check is in progress on its thread.
thread_local bool counting = false;             // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
thread_local std::uint64_t calls = 0, nth = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

bool fails() noexcept { return counting && calls++ == nth; }

template <class Allocate>
void* allocate(Allocate&& attempt) {
  if (fails()) throw std::bad_alloc();
  for (;;) {
    if (void* const memory = attempt(); memory != nullptr) return memory;
    const auto handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

FailingAllocation::FailingAllocation(std::uint64_t failing) noexcept {
  calls = 0;
  nth = failing;
  counting = true;
}

FailingAllocation::~FailingAllocation() { counting = false; }

std::uint64_t FailingAllocation::count() const noexcept { return calls; }

}  // namespace binade::host

// NOLINTBEGIN(cppcoreguidelines-no-malloc): malloc is what they stand on
void* operator new(std::size_t size) {
  return binade::host::allocate([&] { return std::malloc(size == 0 ? 1 : size); });
}

void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  const auto whole = (size + unit - 1) / unit * unit;  // as aligned_alloc() requires
  return binade::host::allocate([&] { return std::aligned_alloc(unit, whole == 0 ? unit : whole); });
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)
