// y = ax + b.
#include <binade/model.h>

struct Line : torch::nn::Module {
  explicit Line(const binade::Options& options)
      : layer(register_module("layer", torch::nn::Linear(options.integer("features"), 1))) {}
  torch::Tensor forward(const torch::Tensor& x) { return layer(x); }

  torch::nn::Linear layer;
};

BINADE_MODEL(Line)
