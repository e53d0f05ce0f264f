// A classifier with one hidden layer.
#include <binade/model.h>

struct MyPlugin : torch::nn::Module {
  explicit MyPlugin(const binade::Options& options) {
    const auto units = options.integer("units");
    hidden = register_module("hidden", torch::nn::Linear(options.integer("features"), units));
    output = register_module("output", torch::nn::Linear(units, options.integer("classes")));
  }
  torch::Tensor forward(const torch::Tensor& x) { return output(torch::relu(hidden(x))); }

  torch::nn::Linear hidden{nullptr}, output{nullptr};
};

BINADE_MODEL(MyPlugin)
