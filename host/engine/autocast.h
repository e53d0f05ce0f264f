// Autocast as a guard: inside its scope, LibTorch chooses each operation's precision.
#pragma once

#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

namespace binade::host {

// [the calling thread only] Turns autocast on for `device` with `dtype`; the destructor restores what was, and at the
// outermost exit drops the cached casts of the weights, which the optimizer is about to change. `enabled` false:
// nothing.
class Autocast {
 public:
  Autocast(c10::DeviceType device, c10::ScalarType dtype, bool enabled);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  c10::ScalarType previous_dtype_ = c10::ScalarType::Float;
  bool enabled_;
  bool previous_enabled_ = false;
};

}  // namespace binade::host
