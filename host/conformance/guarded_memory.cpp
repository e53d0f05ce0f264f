#include "host/conformance/guarded_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace binade::host {
namespace {
constexpr unsigned char canary = 0xA5;
}

GuardedMemory::GuardedMemory(std::size_t bytes, std::size_t alignment) : bytes_(bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = (bytes + alignment + page - 1) / page * page + page;
  mapping_ =
      static_cast<unsigned char*>(mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mapping_ == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  auto* const end = mapping_ + mapped_ - page;
  mprotect(end, page, PROT_NONE);
  tail_ = (alignment - bytes % alignment) % alignment;
  data_ = end - tail_ - bytes;
  std::memset(data_ + bytes, canary, tail_);
}

GuardedMemory::~GuardedMemory() { munmap(mapping_, mapped_); }

bool GuardedMemory::intact() const {
  return std::all_of(data_ + bytes_, data_ + bytes_ + tail_, [](unsigned char byte) { return byte == canary; });
}

}  // namespace binade::host
