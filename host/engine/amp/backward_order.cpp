#include "host/engine/amp/backward_order.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace binade::host {
namespace {

using torch::autograd::AccumulateGrad;
using torch::autograd::Node;

// By leaf: the lowest sequence number of the nodes that add to its gradient.
std::unordered_map<const c10::TensorImpl*, std::uint64_t> last_users(const at::Tensor& loss) {
  std::unordered_map<const c10::TensorImpl*, std::uint64_t> lowest;
  std::vector<Node*> open{loss.grad_fn().get()};
  std::unordered_set<Node*> seen(open.begin(), open.end());
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    if (node == nullptr) continue;
    for (const auto& edge : node->next_edges()) {
      if (!edge.is_valid()) continue;
      if (auto* leaf = dynamic_cast<AccumulateGrad*>(edge.function.get())) {
        const auto [entry, is_new] = lowest.try_emplace(leaf->variable.unsafeGetTensorImpl(), node->sequence_nr());
        if (!is_new) entry->second = std::min(entry->second, node->sequence_nr());
      } else if (seen.insert(edge.function.get()).second) {
        open.push_back(edge.function.get());
      }
    }
  }
  return lowest;
}

}  // namespace

std::vector<std::size_t> backward_order(const at::Tensor& loss, const std::vector<at::Tensor>& parameters) {
  const auto users = last_users(loss);
  const auto is_reached = [&](std::size_t i) { return users.count(parameters[i].unsafeGetTensorImpl()) != 0; };
  const auto number = [&](std::size_t i) { return users.at(parameters[i].unsafeGetTensorImpl()); };
  std::vector<std::size_t> order(parameters.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (!is_reached(a) || !is_reached(b)) return is_reached(a) && !is_reached(b);
    return number(a) > number(b);
  });
  return order;
}

}  // namespace binade::host
