#include "host/engine/device/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <utility>

namespace binade::host {
namespace {

// Registers LibTorch's CUDA kernels. Must be called before anything asks LibTorch about CUDA, since it remembers the
// first answer. Returns dlerror's message, or nothing.
std::string load_cuda_library() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&at::globalContext), &info) == 0) return "libtorch_cpu cannot be located";
  const auto file = std::filesystem::path(info.dli_fname).parent_path() / "libtorch_cuda.so";
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {};
  return dlerror();
}

bool machine_has_gpu() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg"); }

constexpr std::array<std::pair<std::uint32_t, c10::ScalarType>, 10> dtypes{{
    {BINADE_UINT8, c10::ScalarType::Byte},
    {BINADE_INT8, c10::ScalarType::Char},
    {BINADE_INT16, c10::ScalarType::Short},
    {BINADE_INT32, c10::ScalarType::Int},
    {BINADE_INT64, c10::ScalarType::Long},
    {BINADE_FLOAT16, c10::ScalarType::Half},
    {BINADE_BFLOAT16, c10::ScalarType::BFloat16},
    {BINADE_FLOAT32, c10::ScalarType::Float},
    {BINADE_FLOAT64, c10::ScalarType::Double},
    {BINADE_BOOL, c10::ScalarType::Bool},
}};

// "NVIDIA H100 80GB HBM3"; several kinds joined, empty when the driver does not say.
std::string gpu_models() {
  std::set<std::string> models;
  std::error_code error;
  for (std::filesystem::directory_iterator gpu("/proc/driver/nvidia/gpus", error), end; !error && gpu != end;
       gpu.increment(error)) {
    std::ifstream file(gpu->path() / "information");
    constexpr std::string_view key = "Model:";
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(key)) models.insert(line.substr(line.find_first_not_of(" \t", key.size())));
    }
  }
  std::string text;
  for (const auto& model : models) text += (text.empty() ? "" : ", ") + model;
  return text;
}

}  // namespace

std::map<std::string, std::string> describe_device(c10::Device device) {
  if (device.is_cpu()) return {};
  const auto& context = at::globalContext();
  const auto& hooks = at::detail::getCUDAHooks();
  const auto flag = [](bool on) { return std::string(on ? "on" : "off"); };
  return {{"GPU", gpu_models()},
          {"CUDA", std::to_string(hooks.versionCUDART())},
          {"cuDNN", std::to_string(hooks.versionRuntimeCuDNN())},
          {"TF32 of cuBLAS", flag(context.allowTF32CuBLAS())},
          {"TF32 of cuDNN", flag(context.allowTF32CuDNN())},
          {"deterministic algorithms", flag(context.deterministicAlgorithms())},
          {"deterministic cuDNN", flag(context.deterministicCuDNN())},
          {"cuDNN's choice by measurement", flag(context.benchmarkCuDNN())}};
}

c10::Device choose_device(const std::string& wanted) {
  const c10::Device cpu(c10::kCPU);
  if (wanted == "cpu" || (wanted == "auto" && !machine_has_gpu())) return cpu;
  const auto failure = load_cuda_library();
  if (failure.empty() && at::globalContext().hasCUDA()) {
    return wanted == "auto" || wanted == "cuda" ? c10::Device(c10::kCUDA, 0) : c10::Device(wanted);
  }
  if (wanted == "auto") return cpu;
  throw std::runtime_error("train.device = \"" + wanted + "\", but LibTorch finds no GPU here" +
                           (failure.empty() ? "" : ": " + failure) + "; use device = \"auto\" or \"cpu\"");
}

void set_up_process(std::uint64_t seed, int threads) {
  if (threads > 0) at::set_num_threads(threads);
  at::manual_seed(seed);
}

c10::ScalarType scalar_type(std::uint32_t dtype) {
  for (const auto& [code, type] : dtypes) {
    if (code == dtype) return type;
  }
  throw std::invalid_argument("no element type has the code " + std::to_string(dtype));
}

std::uint32_t abi_dtype(c10::ScalarType type) {
  for (const auto& [code, scalar_type] : dtypes) {
    if (scalar_type == type) return code;
  }
  throw std::invalid_argument(std::string("tensors of type ") + c10::toString(type) + " cannot be written to a file");
}

}  // namespace binade::host
