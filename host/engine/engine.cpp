// What libbinade_engine.so exports, and the note by which it is compared with model plugins.
#include "host/engine/engine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>

#include <stdexcept>
#include <string>

#include "binade/build_block.h"
#include "host/engine/libtorch_identity.h"
#include "host/engine/model.h"
#include "host/engine/pipeline.h"
#include "host/engine/torch_warnings.h"

namespace binade::host {
namespace {

class LibTorchEngine : public Engine {
 public:
  EngineInfo info() const override {
    return {TORCH_VERSION, at::get_cpu_capability(), at::get_num_threads(), libtorch_mismatch()};
  }
  std::int64_t embedding_rows(const Plugin& model, const OptionTable& model_options) override {
    return Model(model, model_options, {}, c10::Device(c10::kCPU)).embedding_rows();
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
      throw std::runtime_error(error.what_without_backtrace());
    }
  }
};

}  // namespace
}  // namespace binade::host

extern "C" __attribute__((visibility("default"))) binade::host::Engine* binade_engine() {
  return new binade::host::LibTorchEngine();
}
