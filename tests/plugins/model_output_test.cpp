// Which tensor of forward()'s result is used.
#include <ATen/ops/full.h>
#include <binade/model_output.h>
#include <gtest/gtest.h>

#include <unordered_map>

namespace binade::detail {
namespace {

using torch::Tensor;

// The tensor to use contains ones, the others do not.
const Tensor right = at::full({1}, 1.0), wrong = at::full({1}, 2.0);

struct Logits {
  Tensor pooled, last_hidden_state, logits;
};
struct HiddenState {
  Tensor pooled, last_hidden_state;
};
struct FirstMember {
  Tensor output, attention;
  int layers;
};
struct FirstMemberIsAList {
  std::vector<Tensor> hidden;
  float temperature;
};
struct Nested {
  HiddenState output;
  Tensor attention;
};
struct Constructed {
  explicit Constructed(Tensor tensor) : logits(std::move(tensor)) {}
  int steps = 0;
  Tensor logits;
};

template <class Output>
float value(const Output& output) {
  return extract(output).template item<float>();
}

TEST(ModelOutput, OfATensorIsTheTensor) { EXPECT_EQ(value(right), 1); }

TEST(ModelOutput, OfATupleOrAListIsTheFirst) {
  EXPECT_EQ(value(std::make_tuple(right, wrong, 3)), 1);
  EXPECT_EQ(value(std::make_pair(right, wrong)), 1);
  EXPECT_EQ(value(std::vector<Tensor>{right, wrong}), 1);
  EXPECT_THROW(value(std::vector<Tensor>{}), std::invalid_argument);
}

TEST(ModelOutput, OfAMapIsLogitsThenLastHiddenStateThenTheFirst) {
  using Map = std::map<std::string, Tensor>;
  EXPECT_EQ(value(Map{{"a", wrong}, {"last_hidden_state", wrong}, {"logits", right}}), 1);
  EXPECT_EQ(value(Map{{"a", wrong}, {"last_hidden_state", right}}), 1);
  EXPECT_EQ(value(Map{{"a", right}, {"b", wrong}}), 1);
  EXPECT_EQ(value(std::unordered_map<std::string, Tensor>{{"logits", right}, {"a", wrong}}), 1);
  EXPECT_THROW(value(Map{}), std::invalid_argument);
}

TEST(ModelOutput, OfAStructIsLogitsThenLastHiddenStateThenTheFirstMember) {
  EXPECT_EQ(value(Logits{wrong, wrong, right}), 1);
  EXPECT_EQ(value(HiddenState{wrong, right}), 1);
  EXPECT_EQ(value(FirstMember{right, wrong, 2}), 1);
  EXPECT_EQ(value(FirstMemberIsAList{{right, wrong}, 0.5f}), 1);
  EXPECT_EQ(value(Constructed(right)), 1);
}

TEST(ModelOutput, IsLookedForInNestedOutputs) {
  EXPECT_EQ(value(Nested{{wrong, right}, wrong}), 1);
  EXPECT_EQ(value(std::make_tuple(Logits{wrong, wrong, right}, wrong)), 1);
}

}  // namespace
}  // namespace binade::detail
