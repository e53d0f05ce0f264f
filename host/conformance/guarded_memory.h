// Memory that ends at a page that must not be touched.
#pragma once

#include <cstddef>

namespace binade::host {

class GuardedMemory {
 public:
  // `alignment` is that of the beginning. When the size is not a multiple of it, some bytes lie between the end and the
  // forbidden page; intact() checks them. Throws std::system_error.
  GuardedMemory(std::size_t bytes, std::size_t alignment);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  unsigned char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  // Whether nothing was written between the end and the forbidden page.
  bool intact() const;

 private:
  std::size_t bytes_, mapped_ = 0, tail_ = 0;
  unsigned char *mapping_ = nullptr, *data_ = nullptr;
};

}  // namespace binade::host
