// The gpt model: its size, its start, what it may see, and that it learns.
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

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
