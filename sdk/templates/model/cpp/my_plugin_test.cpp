// Tests the model by calling it as the host does.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <binade/testing_model.h>

using binade::testing::expect;

int main() {
  const binade::testing::Model model({{"features", 8}, {"classes", 3}, {"units", 16}});
  expect(model.parameters().size() == 4, "two layers have two weights and two biases");
  const auto logits = model.forward({at::ones({5, 8})});
  expect(logits.sizes() == at::IntArrayRef({5, 3}), "each sample has a logit per class");
  at::cross_entropy_loss(logits, at::zeros({5}, at::kLong)).backward();
  for (const auto& [name, parameter] : model.parameters()) expect(parameter.grad().defined(), name.c_str());
  return binade::testing::result();
}
