// The gpt model: size, initialization, causality and learning.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "binade/autocast.h"
#include "tests/plugins/opened_model.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

constexpr std::int64_t layers = 3, heads = 4, width = 32, length = 16, vocabulary = 97;

GivenOptions gpt(GivenOptions more = {}) {
  more.insert({{"layers", integer(layers)},
               {"heads", integer(heads)},
               {"width", integer(width)},
               {"sequence_length", integer(length)},
               {"vocab_size", integer(vocabulary)}});
  return more;
}
std::vector<Scalar> off() { return {Scalar(false)}; }

at::Tensor random_tokens(std::int64_t count) { return at::randint(vocabulary, {count, length}, at::kLong); }

std::set<std::string> names(const OpenedModel& model) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : model.parameters()) names.insert(name);
  return names;
}

double deviation(const at::Tensor& tensor) { return tensor.std().item<double>(); }

TEST(Gpt, HasAsManyParametersAsGpt2sFormulaSays) {
  const auto embeddings = (vocabulary + length) * width, matrices = 12 * width * width;
  EXPECT_EQ(OpenedModel("gpt", gpt()).parameter_count(), embeddings + layers * (matrices + 13 * width) + 2 * width);
  EXPECT_EQ(OpenedModel("gpt", gpt({{"bias", off()}})).parameter_count(),
            embeddings + layers * (matrices + 2 * width) + width);
  EXPECT_EQ(OpenedModel("gpt", gpt({{"tied", off()}})).parameter_count(),
            embeddings + vocabulary * width + layers * (matrices + 13 * width) + 2 * width);
}

TEST(Gpt, NamesItsParametersAsGpt2Does) {
  std::set<std::string> expected = {"wte.weight", "wpe.weight", "ln_f.weight", "ln_f.bias"};
  for (int layer = 0; layer < layers; ++layer) {
    for (const char* part : {"ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"}) {
      expected.insert("h." + std::to_string(layer) + "." + part + ".weight");
      expected.insert("h." + std::to_string(layer) + "." + part + ".bias");
    }
  }
  const OpenedModel model("gpt", gpt());
  EXPECT_EQ(names(model), expected);
  EXPECT_EQ(model.parameters().size(), expected.size());  // a tied head is not listed twice
  EXPECT_EQ(model.parameter("h.0.attn.c_attn.weight").sizes(), at::IntArrayRef({3 * width, width}));
  expected.insert("lm_head.weight");
  EXPECT_EQ(names(OpenedModel("gpt", gpt({{"tied", off()}}))), expected);
}

TEST(Gpt, StartsAsGpt2Does) {
  const OpenedModel model("gpt", gpt());
  EXPECT_NEAR(deviation(model.parameter("wte.weight")), 0.02, 0.001);
  EXPECT_NEAR(deviation(model.parameter("wpe.weight")), 0.02, 0.002);
  EXPECT_NEAR(deviation(model.parameter("h.0.attn.c_attn.weight")), 0.02, 0.001);
  EXPECT_NEAR(deviation(model.parameter("h.2.mlp.c_fc.weight")), 0.02, 0.001);
  EXPECT_NEAR(deviation(model.parameter("h.0.attn.c_proj.weight")), 0.02 / std::sqrt(2.0 * layers), 0.001);
  EXPECT_NEAR(deviation(model.parameter("h.1.mlp.c_proj.weight")), 0.02 / std::sqrt(2.0 * layers), 0.001);
  for (const auto& [name, tensor] : model.parameters()) {
    if (name.ends_with("bias")) {
      EXPECT_TRUE(tensor.eq(0).all().item<bool>()) << name;
    }
    if (name.find("ln_") != name.npos && name.ends_with("weight")) {
      EXPECT_TRUE(tensor.eq(1).all().item<bool>()) << name;
    }
  }
}

TEST(Gpt, KnowsNothingAtTheStart) {
  for (const auto& tied : {std::vector<Scalar>{Scalar(true)}, off()}) {
    OpenedModel model("gpt", gpt({{"tied", tied}}));
    const auto tokens = random_tokens(32);
    const auto logits = model.forward({tokens});
    EXPECT_EQ(logits.sizes(), at::IntArrayRef({32, length, vocabulary}));
    EXPECT_NEAR(next_token_loss(logits, tokens).item<double>(), std::log(vocabulary), 0.05);
  }
}

TEST(Gpt, SeesNoLaterTokens) {
  OpenedModel model("gpt", gpt());
  const auto tokens = random_tokens(2);
  auto changed = tokens.clone();
  changed.select(1, 9).add_(1).remainder_(vocabulary);
  const auto before = model.forward({tokens}), after = model.forward({changed});
  EXPECT_TRUE(before.narrow(1, 0, 9).equal(after.narrow(1, 0, 9)));
  for (std::int64_t position = 9; position < length; ++position) {
    EXPECT_FALSE(before.select(1, position).allclose(after.select(1, position))) << position;
  }
}

TEST(Gpt, TellsPositionsApart) {
  OpenedModel model("gpt", gpt());
  const auto logits = model.forward({at::tensor({5, 5, 5}, at::kLong).unsqueeze(0)});
  EXPECT_FALSE(logits.select(1, 0).allclose(logits.select(1, 2)));
}

TEST(Gpt, SendsAGradientToEveryParameter) {
  for (const auto& tied : {std::vector<Scalar>{Scalar(true)}, off()}) {
    OpenedModel model("gpt", gpt({{"tied", tied}}));
    const auto tokens = random_tokens(4);
    next_token_loss(model.forward({tokens}), tokens).backward();
    for (const auto& [name, tensor] : model.parameters()) {
      ASSERT_TRUE(tensor.grad().defined()) << name;
      EXPECT_TRUE(tensor.grad().ne(0).any().item<bool>()) << name;
    }
  }
}

TEST(Gpt, LearnsASentenceByHeart) {
  OpenedModel model("gpt", gpt());
  const auto tokens = random_tokens(1);
  for (int step = 0; step < 60; ++step) model.descend(next_token_loss(model.forward({tokens}), tokens), 0.5);
  EXPECT_LT(next_token_loss(model.forward({tokens}), tokens).item<double>(), 0.1);
}

TEST(Gpt, DropsOutOnlyWhileTraining) {
  OpenedModel model("gpt", gpt({{"dropout", {Scalar(0.5)}}}));
  const auto tokens = random_tokens(1);
  EXPECT_FALSE(model.forward({tokens}).equal(model.forward({tokens})));
  model.train(false);
  EXPECT_TRUE(model.forward({tokens}).equal(model.forward({tokens})));
}

TEST(Gpt, ComputesEitherGelu) {
  const auto tokens = random_tokens(1);
  const auto tanh = OpenedModel("gpt", gpt()).forward({tokens});
  const auto exact = OpenedModel("gpt", gpt({{"gelu", text("exact")}})).forward({tokens});
  EXPECT_FALSE(tanh.equal(exact));
  EXPECT_TRUE(tanh.allclose(exact, 1e-2, 1e-3));
}

using Linear = at::Tensor(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// torch.nn.functional.linear, which Python's Linear calls.
at::Tensor in_one(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::linear(x, weight, bias);
}
// Like LibTorch's C++ Linear with more than two dimensions.
at::Tensor in_two(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::matmul(x, weight.t()).add_(bias);
}

// GPT-2's forward pass, from the parameters of `model`.
at::Tensor gpt2(const OpenedModel& model, const at::Tensor& tokens, Linear* linear) {
  const auto p = [&](const std::string& name) { return model.parameter(name); };
  const auto norm = [&](const at::Tensor& x, const std::string& name) {
    return at::layer_norm(x, {width}, p(name + ".weight"), p(name + ".bias"));
  };
  const auto apply = [&](const at::Tensor& x, const std::string& name) {
    return linear(x, p(name + ".weight"), p(name + ".bias"));
  };
  auto x = at::embedding(p("wte.weight"), tokens) + p("wpe.weight");
  for (int layer = 0; layer < layers; ++layer) {
    const auto h = "h." + std::to_string(layer) + ".";
    const auto qkv = apply(norm(x, h + "ln_1"), h + "attn.c_attn")
                         .unflatten(-1, {3, heads, width / heads})
                         .permute({2, 0, 3, 1, 4})
                         .unbind();
    const auto y = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], {}, 0.0, /*is_causal=*/true);
    x = x + apply(y.transpose(1, 2).flatten(-2), h + "attn.c_proj");
    x = x + apply(at::gelu(apply(norm(x, h + "ln_2"), h + "mlp.c_fc"), "tanh"), h + "mlp.c_proj");
  }
  return at::linear(norm(x, "ln_f"), p("wte.weight"));
}

TEST(Gpt, RoundsEachLinearLayerOnceInHalfPrecision) {
  OpenedModel model("gpt", gpt());
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : model.parameters()) {
      if (name.ends_with("bias")) tensor.normal_();  // adding 0 rounds nothing
    }
  }
  const at::NoGradGuard no_grad;
  const auto tokens = random_tokens(2);
  for (const auto dtype : {at::kBFloat16, at::kHalf}) {
    const Autocast autocast(at::kCPU, dtype, /*enabled=*/true);
    const auto logits = model.forward({tokens});
    EXPECT_TRUE(logits.equal(gpt2(model, tokens, in_one))) << dtype;
    EXPECT_FALSE(logits.equal(gpt2(model, tokens, in_two))) << dtype;
  }
}

TEST(Gpt, RefusesHeadsThatDoNotDivideTheWidth) {
  try {
    const OpenedModel model("gpt", gpt({{"heads", integer(5)}}));
    FAIL() << "the model was built";
  } catch (const PluginError& error) {
    EXPECT_EQ(error.status(), BINADE_INVALID_ARGUMENT);
    EXPECT_THAT(error.what(), HasSubstr("`width` (32) must be a multiple of `heads` (5)"));
  }
}

TEST(Gpt, RefusesSequencesThatAreLongerThanItsPositions) {
  OpenedModel model("gpt", gpt({{"sequence_length", integer(8)}}));
  try {
    model.forward({random_tokens(1)});
    FAIL() << "it went through";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a sequence has 16 tokens, the model has 8 positions"));
  }
}

}  // namespace
}  // namespace binade::host
