#include "tests/engine/golden_autocast_ops.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addbmm.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/div.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/huber_loss.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/instance_norm.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/lstm_cell.h>
#include <ATen/ops/masked_fill.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/max.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/nll_loss.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/reflection_pad2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/std.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/var.h>
#include <ATen/ops/where.h>

namespace binade::host::testing {
namespace {

at::Tensor t(at::IntArrayRef shape, c10::ScalarType type) { return at::randn(shape).to(type); }
at::Tensor w(at::IntArrayRef shape) { return at::randn(shape); }
at::Tensor ones(at::IntArrayRef shape) { return at::ones(shape); }
at::Tensor p(at::IntArrayRef shape) { return at::rand(shape).mul(0.8).add(0.1); }  // probabilities
at::Tensor labels() { return at::tensor({0, 1, 2, 3}, at::kLong); }

at::Tensor projected(c10::ScalarType x) { return at::matmul(t({4, 8}, x), w({8, 6})); }

at::Tensor linear_into(at::Tensor out) { return at::linear_out(out, w({4, 8}), w({6, 8})); }

// Of the input and of the weight.
std::pair<at::Tensor, at::Tensor> gradients_of_linear() {
  const auto input = w({4, 8}).requires_grad_(true), weight = w({6, 8}).requires_grad_(true);
  at::linear(input, weight).sum().backward();
  return {input.grad(), weight.grad()};
}

}  // namespace

const std::map<std::string, OperationOnInput>& operations_on_input() {
  // One row, one line.
  // clang-format off
  static const std::map<std::string, OperationOnInput> all{
      {"linear", [](c10::ScalarType x) { return at::linear(t({4, 8}, x), w({6, 8}), w({6})); }},
      {"matmul", [](c10::ScalarType x) { return at::matmul(t({4, 8}, x), w({8, 6})); }},
      {"mm", [](c10::ScalarType x) { return at::mm(t({4, 8}, x), w({8, 6})); }},
      {"mv", [](c10::ScalarType x) { return at::mv(t({4, 8}, x), w({8})); }},
      {"dot", [](c10::ScalarType x) { return at::dot(t({8}, x), w({8})); }},
      {"bmm", [](c10::ScalarType x) { return at::bmm(t({2, 4, 8}, x), w({2, 8, 6})); }},
      {"baddbmm", [](c10::ScalarType x) { return at::baddbmm(w({2, 4, 6}), t({2, 4, 8}, x), w({2, 8, 6})); }},
      {"addmm", [](c10::ScalarType x) { return at::addmm(w({6}), t({4, 8}, x), w({8, 6})); }},
      {"addmv", [](c10::ScalarType x) { return at::addmv(w({4}), t({4, 8}, x), w({8})); }},
      {"addbmm", [](c10::ScalarType x) { return at::addbmm(w({4, 6}), t({2, 4, 8}, x), w({2, 8, 6})); }},
      {"einsum", [](c10::ScalarType x) { return at::einsum("ij,jk->ik", {t({4, 8}, x), w({8, 6})}); }},
      {"conv1d", [](c10::ScalarType x) { return at::conv1d(t({2, 3, 8}, x), w({4, 3, 3}), w({4})); }},
      {"conv2d", [](c10::ScalarType x) { return at::conv2d(t({2, 3, 8, 8}, x), w({4, 3, 3, 3}), w({4})); }},
      {"conv_transpose2d", [](c10::ScalarType x) { return at::conv_transpose2d(t({2, 3, 8, 8}, x), w({3, 4, 3, 3})); }},
      {"scaled_dot_product_attention", [](c10::ScalarType x) { return at::scaled_dot_product_attention(t({2, 2, 4, 8}, x), t({2, 2, 4, 8}, x), t({2, 2, 4, 8}, x)); }},
      {"scaled_dot_product_attention_causal", [](c10::ScalarType x) { return at::scaled_dot_product_attention(t({2, 2, 4, 8}, x), t({2, 2, 4, 8}, x), t({2, 2, 4, 8}, x), {}, 0.0, true); }},
      {"rnn_lstm_cell", [](c10::ScalarType x) { return std::get<0>(at::lstm_cell(t({4, 8}, x), {w({4, 5}), w({4, 5})}, w({20, 8}), w({20, 5}))); }},
      {"layer_norm", [](c10::ScalarType x) { return at::layer_norm(t({4, 8}, x), {8}, w({8}), w({8})); }},
      {"rms_norm", [](c10::ScalarType x) { return at::rms_norm(t({4, 8}, x), {8}, w({8})); }},
      {"group_norm", [](c10::ScalarType x) { return at::group_norm(t({2, 4, 8}, x), 2, w({4}), w({4})); }},
      {"instance_norm", [](c10::ScalarType x) { return at::instance_norm(t({2, 4, 8}, x), w({4}), w({4}), {}, {}, true, 0.1, 1e-5, false); }},
      {"batch_norm_train", [](c10::ScalarType x) { return at::batch_norm(t({4, 8}, x), w({8}), w({8}), w({8}), ones({8}), true, 0.1, 1e-5, false); }},
      {"batch_norm_eval", [](c10::ScalarType x) { return at::batch_norm(t({4, 8}, x), w({8}), w({8}), w({8}), ones({8}), false, 0.1, 1e-5, false); }},
      {"softmax", [](c10::ScalarType x) { return at::softmax(t({4, 8}, x), -1); }},
      {"softmax_dtype_float32", [](c10::ScalarType x) { return at::softmax(t({4, 8}, x), -1, at::kFloat); }},
      {"log_softmax", [](c10::ScalarType x) { return at::log_softmax(t({4, 8}, x), -1); }},
      {"logsumexp", [](c10::ScalarType x) { return at::logsumexp(t({4, 8}, x), -1); }},
      {"cross_entropy", [](c10::ScalarType x) { return at::cross_entropy_loss(t({4, 8}, x), labels()); }},
      {"cross_entropy_label_smoothing", [](c10::ScalarType x) { return at::cross_entropy_loss(t({4, 8}, x), labels(), {}, at::Reduction::Mean, -100, 0.1); }},
      {"nll_loss", [](c10::ScalarType x) { return at::nll_loss(t({4, 8}, x), labels()); }},
      {"mse_loss", [](c10::ScalarType x) { return at::mse_loss(t({4, 8}, x), w({4, 8})); }},
      {"l1_loss", [](c10::ScalarType x) { return at::l1_loss(t({4, 8}, x), w({4, 8})); }},
      {"smooth_l1_loss", [](c10::ScalarType x) { return at::smooth_l1_loss(t({4, 8}, x), w({4, 8})); }},
      {"huber_loss", [](c10::ScalarType x) { return at::huber_loss(t({4, 8}, x), w({4, 8})); }},
      {"kl_div", [](c10::ScalarType x) { return at::kl_div(t({4, 8}, x), p({4, 8}), at::Reduction::Mean); }},
      {"binary_cross_entropy", [](c10::ScalarType x) { return at::binary_cross_entropy(p({4, 8}).to(x), p({4, 8})); }},
      {"binary_cross_entropy_with_logits", [](c10::ScalarType x) { return at::binary_cross_entropy_with_logits(t({4, 8}, x), p({4, 8})); }},
      {"cosine_similarity", [](c10::ScalarType x) { return at::cosine_similarity(t({4, 8}, x), w({4, 8})); }},
      {"relu", [](c10::ScalarType x) { return at::relu(t({4, 8}, x)); }},
      {"gelu", [](c10::ScalarType x) { return at::gelu(t({4, 8}, x)); }},
      {"gelu_tanh", [](c10::ScalarType x) { return at::gelu(t({4, 8}, x), "tanh"); }},
      {"silu", [](c10::ScalarType x) { return at::silu(t({4, 8}, x)); }},
      {"sigmoid", [](c10::ScalarType x) { return at::sigmoid(t({4, 8}, x)); }},
      {"tanh", [](c10::ScalarType x) { return at::tanh(t({4, 8}, x)); }},
      {"softplus", [](c10::ScalarType x) { return at::softplus(t({4, 8}, x)); }},
      {"leaky_relu", [](c10::ScalarType x) { return at::leaky_relu(t({4, 8}, x)); }},
      {"exp", [](c10::ScalarType x) { return at::exp(t({4, 8}, x)); }},
      {"expm1", [](c10::ScalarType x) { return at::expm1(t({4, 8}, x)); }},
      {"log", [](c10::ScalarType x) { return at::log(p({4, 8}).to(x)); }},
      {"log1p", [](c10::ScalarType x) { return at::log1p(p({4, 8}).to(x)); }},
      {"pow_scalar", [](c10::ScalarType x) { return at::pow(p({4, 8}).to(x), 2); }},
      {"pow_tensor", [](c10::ScalarType x) { return at::pow(p({4, 8}).to(x), w({4, 8})); }},
      {"sqrt", [](c10::ScalarType x) { return at::sqrt(p({4, 8}).to(x)); }},
      {"rsqrt", [](c10::ScalarType x) { return at::rsqrt(p({4, 8}).to(x)); }},
      {"reciprocal", [](c10::ScalarType x) { return at::reciprocal(p({4, 8}).to(x)); }},
      {"sin", [](c10::ScalarType x) { return at::sin(t({4, 8}, x)); }},
      {"abs", [](c10::ScalarType x) { return at::abs(t({4, 8}, x)); }},
      {"clamp", [](c10::ScalarType x) { return at::clamp(t({4, 8}, x), -1, 1); }},
      {"sum", [](c10::ScalarType x) { return at::sum(t({4, 8}, x)); }},
      {"sum_dim", [](c10::ScalarType x) { return at::sum(t({4, 8}, x), 1); }},
      {"mean", [](c10::ScalarType x) { return at::mean(t({4, 8}, x)); }},
      {"var", [](c10::ScalarType x) { return at::var(t({4, 8}, x)); }},
      {"std", [](c10::ScalarType x) { return at::std(t({4, 8}, x)); }},
      {"prod", [](c10::ScalarType x) { return at::prod(t({4, 8}, x)); }},
      {"norm", [](c10::ScalarType x) { return at::norm(t({4, 8}, x)); }},
      {"linalg_vector_norm", [](c10::ScalarType x) { return at::linalg_vector_norm(t({4, 8}, x)); }},
      {"cumsum", [](c10::ScalarType x) { return at::cumsum(t({4, 8}, x), 1); }},
      {"cumprod", [](c10::ScalarType x) { return at::cumprod(t({4, 8}, x), 1); }},
      {"max", [](c10::ScalarType x) { return at::max(t({4, 8}, x)); }},
      {"argmax", [](c10::ScalarType x) { return at::argmax(t({4, 8}, x)); }},
      {"topk_values", [](c10::ScalarType x) { return std::get<0>(at::topk(t({4, 8}, x), 2)); }},
      {"cdist", [](c10::ScalarType x) { return at::cdist(t({4, 8}, x), t({4, 8}, x)); }},
      {"cat", [](c10::ScalarType x) { return at::cat({t({4, 8}, x), w({4, 8})}); }},
      {"stack", [](c10::ScalarType x) { return at::stack({t({4, 8}, x), w({4, 8})}); }},
      {"add", [](c10::ScalarType x) { return at::add(t({4, 8}, x), w({4, 8})); }},
      {"add_inplace", [](c10::ScalarType x) { return t({4, 8}, x).add_(w({4, 8})); }},
      {"mul", [](c10::ScalarType x) { return at::mul(t({4, 8}, x), w({4, 8})); }},
      {"div", [](c10::ScalarType x) { return at::div(t({4, 8}, x), ones({4, 8})); }},
      {"sub", [](c10::ScalarType x) { return at::sub(t({4, 8}, x), w({4, 8})); }},
      {"add_python_scalar", [](c10::ScalarType x) { return at::add(t({4, 8}, x), 1.5); }},
      {"mul_0dim_float32", [](c10::ScalarType x) { return at::mul(t({4, 8}, x), w({})); }},
      {"mul_0dim_by_0dim_float32", [](c10::ScalarType x) { return at::mul(t({}, x), w({})); }},
      {"addcmul", [](c10::ScalarType x) { return at::addcmul(t({4, 8}, x), w({4, 8}), w({4, 8})); }},
      {"lerp", [](c10::ScalarType x) { return at::lerp(t({4, 8}, x), t({4, 8}, x), 0.5); }},
      {"where", [](c10::ScalarType x) { return at::where(w({4, 8}).gt(0), t({4, 8}, x), w({4, 8})); }},
      {"masked_fill", [](c10::ScalarType x) { return at::masked_fill(t({4, 8}, x), w({4, 8}).gt(0), 0); }},
      {"comparison_gt", [](c10::ScalarType x) { return at::gt(t({4, 8}, x), w({4, 8})); }},
      {"embedding_fp32_weight", [](c10::ScalarType) { return at::embedding(w({10, 8}), labels()); }},
      {"index_select", [](c10::ScalarType x) { return at::index_select(t({4, 8}, x), 0, labels()); }},
      {"gather", [](c10::ScalarType x) { return at::gather(t({4, 8}, x), 1, labels().view({4, 1})); }},
      {"dropout_train", [](c10::ScalarType x) { return at::dropout(t({4, 8}, x), 0.5, true); }},
      {"dropout_eval", [](c10::ScalarType x) { return at::dropout(t({4, 8}, x), 0.5, false); }},
      {"max_pool2d", [](c10::ScalarType x) { return at::max_pool2d(t({2, 3, 8, 8}, x), 2); }},
      {"avg_pool2d", [](c10::ScalarType x) { return at::avg_pool2d(t({2, 3, 8, 8}, x), 2); }},
      {"adaptive_avg_pool2d", [](c10::ScalarType x) { return at::adaptive_avg_pool2d(t({2, 3, 8, 8}, x), {2, 2}); }},
      {"interpolate_bilinear", [](c10::ScalarType x) { return at::upsample_bilinear2d(t({2, 3, 8, 8}, x), {16, 16}, false); }},
      {"pad_constant", [](c10::ScalarType x) { return at::constant_pad_nd(t({2, 3, 8, 8}, x), {1, 1, 1, 1}, 0); }},
      {"pad_reflect", [](c10::ScalarType x) { return at::reflection_pad2d(t({2, 3, 8, 8}, x), {1, 1, 1, 1}); }},
      {"transpose_contiguous", [](c10::ScalarType x) { return t({4, 8}, x).transpose(0, 1).contiguous(); }},
      {"linear_then_softmax", [](c10::ScalarType x) { return at::softmax(projected(x), -1); }},
      {"linear_then_gelu", [](c10::ScalarType x) { return at::gelu(projected(x)); }},
      {"linear_then_layer_norm", [](c10::ScalarType x) { return at::layer_norm(projected(x), {6}, w({6}), w({6})); }},
      {"linear_then_cross_entropy", [](c10::ScalarType x) { return at::cross_entropy_loss(projected(x), labels()); }},
      {"linear_then_mse_loss", [](c10::ScalarType x) { return at::mse_loss(projected(x), w({4, 6})); }},
      {"residual_add_after_linear", [](c10::ScalarType x) { return at::add(w({4, 6}), projected(x)); }},
  };
  // clang-format on
  return all;
}

const std::map<std::string, Expression>& expressions() {
  // One row, one line.
  // clang-format off
  static const std::map<std::string, Expression> all{
      {"linear_all_float64", []() { return at::linear(t({4, 8}, at::kDouble), t({6, 8}, at::kDouble)); }},
      {"linear_float64_input_float32_weight", []() { return at::linear(t({4, 8}, at::kDouble), w({6, 8})); }},
      {"matmul_int64", []() { return at::matmul(t({4, 8}, at::kLong), t({8, 6}, at::kLong)); }},
      {"mse_loss_float64", []() { return at::mse_loss(t({4, 8}, at::kDouble), t({4, 8}, at::kDouble)); }},
      {"linear_out_variant", []() { return linear_into(w({4, 6})); }},
      {"cat_float32_bfloat16", []() { return at::cat({w({4, 8}), t({4, 8}, at::kBFloat16)}); }},
      {"cat_float32_float16", []() { return at::cat({w({4, 8}), t({4, 8}, at::kHalf)}); }},
      {"cat_bfloat16_float16", []() { return at::cat({t({4, 8}, at::kBFloat16), t({4, 8}, at::kHalf)}); }},
      {"add_bfloat16_float16", []() { return at::add(t({4, 8}, at::kBFloat16), t({4, 8}, at::kHalf)); }},
      {"matmul_bfloat16_float16", []() { return at::matmul(t({4, 8}, at::kBFloat16), t({8, 6}, at::kHalf)); }},
      {"linear_grad_of_float32_weight", []() { return gradients_of_linear().second; }},
      {"linear_grad_of_float32_input", []() { return gradients_of_linear().first; }},
  };
  // clang-format on
  return all;
}

bool is_refused_by_the_cpus_kernel(const std::string& op) { return op == "conv_transpose2d"; }

std::set<std::string> refused_types(const std::string& error) {
  if (!error.starts_with("error: ")) return {"not an error"};
  auto text = error;
  const auto take = [&text](const std::string& spelling) {
    bool found = false;
    for (auto at = text.find(spelling); at != std::string::npos; at = text.find(spelling)) {
      text.erase(at, spelling.size());
      found = true;
    }
    return found;
  };
  std::set<std::string> types;
  if (take("BFloat16")) types.insert("bfloat16");  // before "Float", which it contains
  if (take("Half")) types.insert("float16");
  const bool upper = take("Float"), lower = take("(float)");
  if (upper || lower) types.insert("float32");
  return types;
}

}  // namespace binade::host::testing
