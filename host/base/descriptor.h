// RAII for file descriptors.
#pragma once

#include <unistd.h>

#include <utility>

namespace binade::host {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }  // -1: not open
  explicit operator bool() const { return number_ >= 0; }
  // The caller must close the descriptor.
  int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
};

}  // namespace binade::host
