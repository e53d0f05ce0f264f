// Where a run computes, and the process-wide settings of LibTorch.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>

#include "binade/abi/precision.h"

namespace binade::host {

// What determines the numbers that a device computes, by name: versions and settings of kernels. Nothing for a CPU,
// whose kernels EngineInfo names.
std::map<std::string, std::string> describe_device(c10::Device device);

// "auto", "cpu", "cuda", "cuda:1" -> a device. "auto" takes the first GPU that LibTorch can use, else the CPU. Loads
// libtorch_cuda, from the folder of libtorch_cpu, unless the CPU is asked for. Throws std::runtime_error that says what
// is missing when a requested GPU is not available.
c10::Device choose_device(const std::string& wanted);

// Seeds LibTorch's generators and sets its threads inside one operation (0: its own choice).
void set_up_process(std::uint64_t seed, int threads);

// BINADE_FLOAT32 ... -> LibTorch's type. Throws std::invalid_argument for others.
c10::ScalarType scalar_type(std::uint32_t dtype);
std::uint32_t abi_dtype(c10::ScalarType type);

}  // namespace binade::host
