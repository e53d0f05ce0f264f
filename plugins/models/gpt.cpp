// GPT-2 as in Radford et al. 2019: pre-LayerNorm blocks, learned positions, tied output layer. Parameters have the
// original names (h.0.attn.c_attn.weight, ...), but linear weights are [out, in].
#include <binade/model.h>

#include <cmath>

namespace {

// The model's options.
struct Shape {
  explicit Shape(const binade::Options& options)
      : layers(options.integer("layers")),
        heads(options.integer("heads")),
        width(options.integer("width")),
        sequence_length(options.integer("sequence_length")),
        vocab_size(options.integer("vocab_size")),
        bias(options.boolean("bias")),
        dropout(options.number("dropout")),
        gelu(options.string("gelu") == "tanh" ? "tanh" : "none") {
    if (width % heads != 0) {
      throw std::invalid_argument("`width` (" + std::to_string(width) + ") must be a multiple of `heads` (" +
                                  std::to_string(heads) + "): each head has width / heads features");
    }
  }
  std::int64_t layers, heads, width, sequence_length, vocab_size;
  bool bias;
  double dropout;
  std::string gelu;  // LibTorch's name
};

torch::nn::Linear linear(std::int64_t in, std::int64_t out, bool bias, double deviation) {
  torch::nn::Linear layer(torch::nn::LinearOptions(in, out).bias(bias));
  torch::nn::init::normal_(layer->weight, 0.0, deviation);
  if (bias) torch::nn::init::zeros_(layer->bias);
  return layer;
}

// Applies a linear layer as one operation, which rounds once in half precision, like Python's Linear. LibTorch's C++
// Linear multiplies and adds in two operations if its input has more than two dimensions.
torch::Tensor through(const torch::nn::Linear& layer, const torch::Tensor& x) {
  return torch::linear(x, layer->weight, layer->bias);
}

torch::nn::Embedding embedding(std::int64_t count, std::int64_t width) {
  torch::nn::Embedding layer(count, width);
  torch::nn::init::normal_(layer->weight, 0.0, 0.02);
  return layer;
}

// LibTorch's LayerNorm has no option to omit the bias.
struct NormImpl : torch::nn::Module {
  NormImpl(std::int64_t width, bool with_bias) {
    weight = register_parameter("weight", torch::ones({width}));
    if (with_bias) bias = register_parameter("bias", torch::zeros({width}));
  }
  torch::Tensor forward(const torch::Tensor& x) { return torch::layer_norm(x, weight.sizes(), weight, bias); }

  torch::Tensor weight, bias;
};
TORCH_MODULE(Norm);

struct AttentionImpl : torch::nn::Module {
  AttentionImpl(const Shape& shape, double residual_deviation) : heads(shape.heads), dropout(shape.dropout) {
    c_attn = register_module("c_attn", linear(shape.width, 3 * shape.width, shape.bias, 0.02));
    c_proj = register_module("c_proj", linear(shape.width, shape.width, shape.bias, residual_deviation));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    // [N, T, 3 * width] -> three of [N, heads, T, width / heads]
    const auto qkv = through(c_attn, x).unflatten(-1, {3, heads, x.size(-1) / heads}).permute({2, 0, 3, 1, 4}).unbind();
    const auto y = torch::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], {}, is_training() ? dropout : 0.0,
                                                       /*is_causal=*/true);
    return torch::dropout(through(c_proj, y.transpose(1, 2).flatten(-2)), dropout, is_training());
  }

  std::int64_t heads;
  double dropout;
  torch::nn::Linear c_attn{nullptr}, c_proj{nullptr};
};
TORCH_MODULE(Attention);

struct MlpImpl : torch::nn::Module {
  MlpImpl(const Shape& shape, double residual_deviation) : gelu(shape.gelu), dropout(shape.dropout) {
    c_fc = register_module("c_fc", linear(shape.width, 4 * shape.width, shape.bias, 0.02));
    c_proj = register_module("c_proj", linear(4 * shape.width, shape.width, shape.bias, residual_deviation));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    return torch::dropout(through(c_proj, torch::gelu(through(c_fc, x), gelu)), dropout, is_training());
  }

  std::string gelu;
  double dropout;
  torch::nn::Linear c_fc{nullptr}, c_proj{nullptr};
};
TORCH_MODULE(Mlp);

struct BlockImpl : torch::nn::Module {
  BlockImpl(const Shape& shape, double residual_deviation) {
    ln_1 = register_module("ln_1", Norm(shape.width, shape.bias));
    attn = register_module("attn", Attention(shape, residual_deviation));
    ln_2 = register_module("ln_2", Norm(shape.width, shape.bias));
    mlp = register_module("mlp", Mlp(shape, residual_deviation));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = x + attn(ln_1(x));
    return y + mlp(ln_2(y));
  }

  Norm ln_1{nullptr}, ln_2{nullptr};
  Attention attn{nullptr};
  Mlp mlp{nullptr};
};

struct Gpt : torch::nn::Module {
  explicit Gpt(const binade::Options& options) : shape(options) {
    wte = register_module("wte", embedding(shape.vocab_size, shape.width));
    wpe = register_module("wpe", embedding(shape.sequence_length, shape.width));
    h = register_module("h", torch::nn::ModuleList());
    // Scale down the initial weights, because 2 * layers residual branches add up.
    const double residual_deviation = 0.02 / std::sqrt(2.0 * static_cast<double>(shape.layers));
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
      h->push_back(std::make_shared<BlockImpl>(shape, residual_deviation));
    }
    ln_f = register_module("ln_f", Norm(shape.width, shape.bias));
    if (!options.boolean("tied")) {
      lm_head = register_module("lm_head", linear(shape.width, shape.vocab_size, false, 0.02));
    }
  }

  // [N, T] -> logits [N, T, vocab_size]
  torch::Tensor forward(const torch::Tensor& tokens) {
    const auto length = tokens.size(-1);
    if (length > shape.sequence_length) {
      throw std::invalid_argument("a sequence has " + std::to_string(length) + " tokens, the model has " +
                                  std::to_string(shape.sequence_length) + " positions: raise `sequence_length`");
    }
    auto x = torch::dropout(wte(tokens) + wpe->weight.narrow(0, 0, length), shape.dropout, is_training());
    for (const auto& block : *h) x = block->as<BlockImpl>()->forward(x);
    // A tied output layer uses the embedding's tensor itself; a second module would list it under a second name.
    return torch::linear(ln_f(x), lm_head ? lm_head->weight : wte->weight);
  }

  Shape shape;
  torch::nn::Embedding wte{nullptr}, wpe{nullptr};
  torch::nn::ModuleList h{nullptr};
  Norm ln_f{nullptr};
  torch::nn::Linear lm_head{nullptr};
};

}  // namespace

BINADE_MODEL(Gpt)
