#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/isfinite.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <stdexcept>

#include "host/engine/model/model.h"
#include "host/engine_api/engine.h"

namespace binade::host {
namespace {

ProbedTensor look_at(const std::string& name, const at::Tensor& tensor) {
  const auto flat = tensor.detach().cpu().contiguous();
  ProbedTensor seen{name, c10::toString(flat.scalar_type()), flat.sizes().vec(), {}, flat.is_floating_point()};
  seen.bytes.assign(static_cast<const char*>(flat.const_data_ptr()), flat.nbytes());
  seen.finite = !seen.floating || at::isfinite(flat).all().item<bool>();
  seen.differentiable = tensor.requires_grad();
  return seen;
}

class Tried : public ProbedModel {
 public:
  Tried(const Plugin& plugin, const OptionTable& options, std::vector<std::string> inputs)
      : model_(plugin, options, std::move(inputs), c10::Device(c10::kCPU)), batch_(c10::Device(c10::kCPU)) {}

  std::vector<ProbedTensor> state() const override {
    std::vector<ProbedTensor> all;
    for (const auto& [name, tensor] : model_.parameters()) all.push_back(look_at(name, tensor));
    for (const auto& [name, tensor] : model_.buffers()) all.push_back(look_at(name, tensor));
    return all;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : model_.parameters()) all.push_back(name);
    for (const auto& [name, tensor] : model_.buffers()) all.push_back(name);
    for (const auto& [name, first] : model_.aliases()) all.push_back(name);
    return all;
  }
  void take_state(const ProbedModel& other) override {
    const c10::NoGradGuard without_gradients;
    const auto& from = dynamic_cast<const Tried&>(other).model_;
    copy(from.parameters(), model_.parameters());
    copy(from.buffers(), model_.buffers());
  }
  void train(bool on) override { model_.train(on); }
  ProbedTensor forward(const HostBatch& batch, std::uint64_t seed) override {
    at::manual_seed(seed);
    batch_.assign(batch);
    output_ = model_.forward(batch_);
    if (!output_.defined()) throw std::runtime_error("forward() returned no tensor");
    return look_at("output", output_);
  }
  void loss(const HostBatch& batch, std::uint64_t seed) override {
    if (!model_.has_loss()) return;
    at::manual_seed(seed);
    batch_.assign(batch);
    model_.loss(batch_);
  }
  std::vector<ProbedTensor> backward() override {
    for (const auto& [name, tensor] : model_.parameters()) tensor.mutable_grad() = at::Tensor();
    model_.backward(output_.to(at::kFloat).square().mean());
    std::vector<ProbedTensor> gradients;
    for (const auto& [name, tensor] : model_.parameters()) {
      if (tensor.grad().defined()) gradients.push_back(look_at(name, tensor.grad()));
    }
    return gradients;
  }

 private:
  static void copy(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to) {
    if (from.size() != to.size())
      throw std::runtime_error("a second model has another number of parameters or buffers");
    for (std::size_t i = 0; i < to.size(); ++i) to[i].tensor.copy_(from[i].tensor);
  }

  Model model_;
  BatchTensors batch_;
  at::Tensor output_;
};

}  // namespace

std::unique_ptr<ProbedModel> build_probed_model(const Plugin& plugin, const OptionTable& options,
                                                const std::vector<std::string>& inputs, std::uint64_t seed) {
  at::set_num_threads(1);
  at::manual_seed(seed);
  return std::make_unique<Tried>(plugin, options, inputs);
}

}  // namespace binade::host
