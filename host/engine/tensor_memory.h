// How many bytes tensors hold: by a counting allocator on the CPU, by LibTorch's own statistics on a GPU.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace binade::host {

// From now on memory of CPU tensors is counted, on every thread; of tensors made before, it never is. Counted are whole
// blocks as malloc gives them, a few bytes more than was asked for. What is no tensor is not counted: batches of the
// loader, weights that oneDNN keeps packed, LibTorch itself. Once per process.
void count_tensor_memory();

// The most bytes that tensors held at once on the device, since count_tensor_memory() or, on a GPU, since the
// process began; 0 where nobody counted.
std::uint64_t peak_tensor_bytes(c10::Device device);

}  // namespace binade::host
