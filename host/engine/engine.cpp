// What libbinade_engine.so exports, including the note that identifies its build to model plugins.
#include "host/engine_api/engine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "binade/build_block.h"
#include "host/engine/device/libtorch_identity.h"
#include "host/engine/device/torch_warnings.h"
#include "host/engine/model/model.h"
#include "host/engine/pipeline.h"

namespace binade::host {
namespace {

// libtorch_cpu loads the runtime, with or without a GPU; its headers may not be installed.
std::string cuda_version() {
  const auto ask = reinterpret_cast<int (*)(int*)>(dlsym(RTLD_DEFAULT, "cudaRuntimeGetVersion"));
  int version = 0;  // 1000 * major + 10 * minor
  if (ask == nullptr || ask(&version) != 0) return {};
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

class LibTorchEngine : public Engine {
 public:
  EngineInfo info() const override {
    return {TORCH_VERSION, cuda_version(), at::get_cpu_capability(), at::get_num_threads(), libtorch_mismatch()};
  }
  std::int64_t embedding_rows(const Plugin& model, const OptionTable& model_options) override {
    return Model(model, model_options, {}, c10::Device(c10::kCPU)).embedding_rows();
  }
  std::unique_ptr<ProbedModel> build(const Plugin& model, const OptionTable& model_options,
                                     const std::vector<std::string>& inputs, std::uint64_t seed) override {
    return build_probed_model(model, model_options, inputs, seed);
  }
  TrainingResult train(const TrainingRequest& request) override {
    const TorchWarnings warnings(request.listener);
    // LibTorch's own what() carries a stack trace.
    try {
      return run_pipeline(request);
    } catch (const c10::OutOfMemoryError& error) {
      throw std::runtime_error(std::string("out of memory; a smaller batch_size or model needs less: ") +
                               error.what_without_backtrace());
    } catch (const c10::Error& error) {
      const std::string text = error.what_without_backtrace();
      if (text.find("can't allocate memory") == std::string::npos) throw std::runtime_error(text);
      throw std::runtime_error("out of memory; a smaller batch_size or model needs less: " + text);
    } catch (const std::exception&) {
      throw;
    } catch (...) {
      throw std::runtime_error("an exception of unknown type was thrown");
    }
  }
};

}  // namespace
}  // namespace binade::host

extern "C" __attribute__((visibility("default"))) binade::host::Engine* binade_engine() {
  return new binade::host::LibTorchEngine();
}
