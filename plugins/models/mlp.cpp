// A fully connected network over the features of each sample.
#include <binade/model.h>

namespace {

struct Mlp : torch::nn::Module {
  explicit Mlp(const binade::Options& options)
      : gelu(options.string("activation") == "gelu"), dropout(options.number("dropout")) {
    const auto units = options.integer("units");
    auto inputs = options.integer("features");
    hidden = register_module("hidden", torch::nn::ModuleList());
    for (std::int64_t layer = 0; layer < options.integer("layers"); ++layer) {
      hidden->push_back(torch::nn::Linear(inputs, units));
      inputs = units;
    }
    output = register_module("output", torch::nn::Linear(inputs, options.integer("classes")));
  }

  // [N, ...] -> [N, classes]: all dimensions after the first are flattened into features.
  torch::Tensor forward(const torch::Tensor& features) {
    auto x = features.flatten(1);
    for (const auto& layer : *hidden) {
      const auto* linear = layer->as<torch::nn::LinearImpl>();
      x = torch::linear(x, linear->weight, linear->bias);
      x = torch::dropout(gelu ? torch::gelu(x) : torch::relu(x), dropout, is_training());
    }
    return torch::linear(x, output->weight, output->bias);
  }

  bool gelu;
  double dropout;
  torch::nn::ModuleList hidden{nullptr};
  torch::nn::Linear output{nullptr};
};

}  // namespace

BINADE_MODEL(Mlp)
