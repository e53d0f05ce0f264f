// How many bytes tensors hold: by a counting allocator on the CPU, by LibTorch's own statistics on a GPU.
#pragma once

#include <c10/core/Device.h>

#include <cmath>
#include <cstdint>
#include <optional>

#include "host/events/events.h"

namespace binade::host {

// From now on memory of CPU tensors is counted, on every thread; of tensors made before, it never is. Counted are whole
// blocks as malloc gives them, a few bytes more than was asked for. What is no tensor is not counted: batches of the
// loader, weights that oneDNN keeps packed, LibTorch itself. Once per process.
void count_tensor_memory();

// The most bytes that tensors held at once on the device, since count_tensor_memory() or, on a GPU, since the
// process began; 0 where nobody counted.
std::uint64_t peak_tensor_bytes(c10::Device device);

// What the device's allocator holds; nullopt on the CPU, whose allocator keeps no books. Asks no device, only books.
std::optional<DeviceMemoryRecord> device_memory(c10::Device device);

// Tells a listener of it about once a second, and once more at the end, be that by an exception: running out of memory
// ends a run so.
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
