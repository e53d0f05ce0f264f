// How many bytes tensors hold: by a counting allocator on the CPU, by LibTorch's own statistics on a GPU.
#pragma once

#include <c10/core/Device.h>

#include <cmath>
#include <cstdint>
#include <optional>

#include "host/events/events.h"

namespace binade::host {

// Counts the memory of CPU tensors from now on, on every thread, but not of tensors made before. Counts whole blocks as
// malloc returns them, a few bytes more than was asked for. Memory outside tensors is not counted: batches of the
// loader, weights that oneDNN keeps packed, LibTorch itself. Takes effect once per process.
void count_tensor_memory();

// The most bytes that tensors held at once on the device, since count_tensor_memory() or, on a GPU, since the
// process began; 0 where they were not counted.
std::uint64_t peak_tensor_bytes(c10::Device device);

// What the device's allocator holds, from its own statistics; nullopt on the CPU, whose allocator keeps none. Does not
// wait for the device.
std::optional<DeviceMemoryRecord> device_memory(c10::Device device);

// Tells a listener of it about once a second, and once more at the end, also after an exception: a run may end because
// memory is exhausted.
class DeviceMemorySampler {
 public:
  DeviceMemorySampler(c10::Device device, RunListener& listener) : device_(device), listener_(listener) {}
  ~DeviceMemorySampler() { sample(); }
  DeviceMemorySampler(const DeviceMemorySampler&) = delete;
  DeviceMemorySampler& operator=(const DeviceMemorySampler&) = delete;

  // After a step that ended at `time` (Unix, seconds).
  void poll(double time) {
    if (device_.is_cpu() || std::abs(time - sampled_) < 1) return;  // the clock may be set back
    sampled_ = time;
    sample();
  }

 private:
  void sample() noexcept;

  c10::Device device_;
  RunListener& listener_;
  double sampled_ = 0;
};

}  // namespace binade::host
