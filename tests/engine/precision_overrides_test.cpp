// Overrides: what runs in a precision of its own under autocast, compared exactly with casts by hand.
#include "host/engine/amp/precision_overrides.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "binade/autocast.h"
#include "host/engine/device/device.h"
#include "tests/engine/in_memory_plugins.h"

namespace binade::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TensorModel;

PrecisionRule parameters(const std::string& pattern, std::uint32_t dtype) {
  return {PrecisionRule::Kind::parameters, pattern, dtype};
}
PrecisionRule operation(const std::string& name, std::uint32_t dtype) {
  return {PrecisionRule::Kind::operation, name, dtype};
}

template <class Body>
std::string message_of(Body body) {
  try {
    body();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

std::size_t autocast_kernels() {
  return c10::Dispatcher::singleton().getRegistrationsForDispatchKey(c10::DispatchKey::AutocastCPU).size();
}

// The result and the gradients of its weighted sum with respect to `inputs`.
std::vector<at::Tensor> with_gradients(const at::Tensor& result, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> all{result.detach()};
  const auto weights = at::arange(result.numel(), at::kFloat).view_as(result).remainder(7).sub(3);
  result.to(at::kFloat).mul(weights).sum().backward();
  for (const auto& input : inputs) {
    all.push_back(input.grad());
    input.mutable_grad().reset();
  }
  return all;
}

void expect_same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].scalar_type(), b[i].scalar_type()) << i;
    EXPECT_TRUE(a[i].equal(b[i])) << i << "\n" << a[i] << "\n" << b[i];
  }
}

class Overrides : public ::testing::Test {
 protected:
  Overrides() {
    set_up_process(7, 0);
    weight_ = add("head.weight", at::randn({4, 8}));
    bias_ = add("head.bias", at::randn({4}));
    other_ = add("body.weight", at::randn({4, 8}));
    table_ = add("embedding.weight", at::randn({10, 8}));
    x_ = at::randn({3, 8}).requires_grad_(true);
  }
  ~Overrides() override { TensorModel::parameters.clear(); }

  static at::Tensor add(const std::string& name, at::Tensor tensor) {
    tensor.requires_grad_(true);
    TensorModel::parameters.emplace_back(name, tensor);
    return tensor;
  }
  void install(const std::vector<PrecisionRule>& rules) {
    overrides_.reset();
    model_ = std::make_unique<Model>(TensorModel::plugin(), OptionTable{}, std::vector<std::string>{"x"}, cpu_);
    overrides_ = std::make_unique<PrecisionOverrides>(*model_, rules);
    overrides_->install(at::kCPU);
  }
  template <class Body>
  static auto in_bf16(Body body) {
    const Autocast autocast(at::kCPU, at::kBFloat16);
    return body();
  }

  inline static const c10::Device cpu_{c10::kCPU};
  at::Tensor weight_, bias_, other_, table_, x_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<PrecisionOverrides> overrides_;
};

TEST_F(Overrides, RunWhatUsesTheParameterInThatPrecisionForwardAndBackward) {
  const auto by_hand = with_gradients(at::linear(x_, weight_, bias_), {x_, weight_, bias_});
  const auto half = with_gradients(in_bf16([&] { return at::linear(x_, weight_, bias_); }), {x_, weight_, bias_});
  install({parameters("head.*", BINADE_FLOAT32)});
  const auto overridden = with_gradients(in_bf16([&] { return at::linear(x_, weight_, bias_); }), {x_, weight_, bias_});
  expect_same(overridden, by_hand);
  EXPECT_FALSE(half[0].to(at::kFloat).equal(by_hand[0]));
  EXPECT_EQ(in_bf16([&] { return at::linear(x_, other_); }).scalar_type(), at::kBFloat16);
}

TEST_F(Overrides, ToHalfPrecisionGiveGradientsInThatOfTheLeaf) {
  for (const auto& [dtype, type] : {std::pair(BINADE_BFLOAT16, at::kBFloat16), std::pair(BINADE_FLOAT16, at::kHalf)}) {
    const auto by_hand =
        with_gradients(at::linear(x_.to(type), weight_.to(type), bias_.to(type)), {x_, weight_, bias_});
    install({parameters("head.*", static_cast<std::uint32_t>(dtype))});
    const auto run = [&](at::ScalarType of_run) {
      const Autocast autocast(at::kCPU, of_run);
      return at::linear(x_, weight_, bias_);
    };
    expect_same(with_gradients(run(at::kFloat), {x_, weight_, bias_}), by_hand);
    expect_same(with_gradients(run(at::kBFloat16), {x_, weight_, bias_}), by_hand);
    EXPECT_EQ(by_hand[2].scalar_type(), at::kFloat);
  }
}

TEST_F(Overrides, KnowTheParameterInItsViews) {
  install({parameters("head.weight", BINADE_FLOAT32)});
  const Autocast autocast(at::kCPU, at::kBFloat16);
  const auto half = x_.detach().to(at::kBFloat16);
  EXPECT_TRUE(at::addmm(bias_, half, weight_.t()).equal(at::addmm(bias_, half.to(at::kFloat), weight_.t())));
  EXPECT_EQ(at::addmm(bias_, half, weight_.t()).scalar_type(), at::kFloat);
  EXPECT_EQ(at::matmul(half, weight_.slice(0, 1, 3).t()).scalar_type(), at::kFloat);
  EXPECT_EQ(at::matmul(half, weight_.detach().view({8, 4})).scalar_type(), at::kFloat);
  EXPECT_EQ(at::matmul(half, weight_.clone().t()).scalar_type(), at::kBFloat16) << "a copy is another tensor";
}

TEST_F(Overrides, CountForATiedWeightWhereverItIsUsed) {
  TensorModel::parameters.emplace_back("head.tied", table_);
  const auto indices = at::tensor({1, 4, 4});
  const auto run = [&] { return at::matmul(x_, table_.t()).add(at::embedding(table_, indices).sum()); };
  const auto by_hand = with_gradients(run(), {x_, table_});
  install({parameters("embedding.*", BINADE_FLOAT32)});
  expect_same(with_gradients(in_bf16(run), {x_, table_}), by_hand);
}

TEST_F(Overrides, TellParametersOfOneStorageApart) {
  TensorModel::parameters.clear();
  const auto arena = at::randn({2, 4, 8});
  const auto first = add("first", arena[0].detach()), second = add("second", arena[1].detach());
  install({parameters("second", BINADE_FLOAT32)});
  const Autocast autocast(at::kCPU, at::kBFloat16);
  EXPECT_EQ(at::linear(x_, first).scalar_type(), at::kBFloat16);
  EXPECT_EQ(at::linear(x_, second).scalar_type(), at::kFloat);
  EXPECT_EQ(at::linear(x_, second.slice(0, 1, 3)).scalar_type(), at::kFloat);
}

TEST_F(Overrides, ReachConvolutionsNormsEmbeddingsAndArithmetic) {
  TensorModel::parameters.clear();
  const auto kernel = add("kernel", at::randn({2, 3, 3, 3})), gain = add("gain", at::randn({8}));
  const auto table = add("table", at::randn({10, 8}));
  const auto image = at::randn({1, 3, 5, 5}), indices = at::tensor({1, 4, 4}), row = x_.detach();
  const std::vector<std::function<at::Tensor(at::ScalarType)>> calls{
      [&](auto type) { return at::conv2d(image.to(type), kernel.to(type)); },
      [&](auto type) { return at::layer_norm(row.to(type), {8}, gain.to(type)); },
      [&](auto type) { return at::embedding(table.to(type), indices); },
      [&](auto type) { return at::mul(row.to(type), gain.to(type)); },
      [&](auto type) { return at::softmax(gain.to(type), -1); },
      [&](auto type) {
        return at::cat({row.to(type), gain.to(type).view({1, 8})});
      },
  };
  for (const auto dtype : {BINADE_FLOAT32, BINADE_BFLOAT16, BINADE_FLOAT16}) {
    install({});
    const auto type = dtype == BINADE_FLOAT32 ? at::kFloat : dtype == BINADE_FLOAT16 ? at::kHalf : at::kBFloat16;
    std::vector<std::vector<at::Tensor>> by_hand;
    for (const auto& call : calls) {
      auto result = call(type);
      by_hand.push_back({result.detach()});
    }
    install({parameters("*", static_cast<std::uint32_t>(dtype))});
    for (std::size_t i = 0; i < calls.size(); ++i) {
      SCOPED_TRACE(i);
      const auto result = in_bf16([&] { return calls[i](at::kFloat); });
      expect_same({result.detach()}, by_hand[i]);
      result.to(at::kFloat).sum().backward();
    }
    for (const auto& parameter : {kernel, gain, table}) EXPECT_EQ(parameter.grad().scalar_type(), at::kFloat);
  }
}

TEST_F(Overrides, OfABatchNormCastItsInputAndKeepItsStatistics) {
  TensorModel::parameters.clear();
  const auto gain = add("gain", at::ones({8}));
  auto mean = at::zeros({8}), variance = at::ones({8});
  install({parameters("gain", BINADE_BFLOAT16)});
  const Autocast autocast(at::kCPU, at::kHalf);
  const auto out = at::batch_norm(x_, gain, {}, mean, variance, true, 0.5, 1e-5, false);
  EXPECT_EQ(out.scalar_type(), at::kBFloat16);
  EXPECT_GT(mean.abs().sum().item<float>(), 0);
}

TEST_F(Overrides, ReachTheWeightsInLists) {
  TensorModel::parameters.clear();
  std::vector<at::Tensor> weights{add("ih", at::randn({16, 8})), add("hh", at::randn({16, 4}))};
  const std::vector<at::Tensor> state{at::zeros({1, 3, 4}), at::zeros({1, 3, 4})};
  const auto sequence = x_.detach().view({1, 3, 8});
  const auto run = [&](at::ScalarType type) {
    std::vector<at::Tensor> cast_weights, cast_state;
    for (const auto& tensor : weights) cast_weights.push_back(tensor.to(type));
    for (const auto& tensor : state) cast_state.push_back(tensor.to(type));
    return std::get<0>(at::lstm(sequence.to(type), cast_state, cast_weights, false, 1, 0.0, true, false, false));
  };
  const auto by_hand = run(at::kBFloat16);
  install({parameters("hh", BINADE_BFLOAT16)});
  const Autocast autocast(at::kCPU, at::kFloat);
  expect_same({run(at::kFloat)}, {by_hand});
}

TEST_F(Overrides, PauseInAnIslandWithoutAutocastAndComeBack) {
  install({parameters("head.weight", BINADE_FLOAT16)});
  const auto type = [&] { return at::linear(x_, weight_).scalar_type(); };
  EXPECT_EQ(type(), at::kFloat);
  const Autocast outer(at::kCPU, at::kBFloat16);
  EXPECT_EQ(type(), at::kHalf);
  {
    const Autocast island(at::kCPU, at::kBFloat16, false);
    EXPECT_EQ(type(), at::kFloat);
    const Autocast inner(at::kCPU, at::kBFloat16);
    EXPECT_EQ(type(), at::kHalf);
  }
  EXPECT_EQ(type(), at::kHalf);
}

TEST_F(Overrides, HoldInNoGradModeWithoutLosingGradientsAfterwards) {
  install({parameters("head.weight", BINADE_BFLOAT16)});
  const Autocast autocast(at::kCPU, at::kBFloat16);  // casts of the weight are cached
  {
    const at::NoGradGuard no_grad;
    EXPECT_EQ(at::linear(x_, weight_).scalar_type(), at::kBFloat16);
  }
  at::linear(x_, weight_).sum().backward();
  EXPECT_TRUE(weight_.grad().defined());
}

TEST_F(Overrides, HoldOnEachThreadThatHasAutocast) {
  install({parameters("head.weight", BINADE_FLOAT16)});
  at::ScalarType with = at::kLong, without = at::kLong;
  std::thread thread([&] {
    without = at::linear(x_, weight_).scalar_type();
    const Autocast autocast(at::kCPU, at::kBFloat16);
    with = at::linear(x_, weight_).scalar_type();
  });
  thread.join();
  EXPECT_EQ(without, at::kFloat);
  EXPECT_EQ(with, at::kHalf);
}

TEST_F(Overrides, OfOperationsHoldForEveryCall) {
  install({operation("softmax", BINADE_FLOAT32), operation("matmul", BINADE_FLOAT16)});
  const Autocast autocast(at::kCPU, at::kBFloat16);
  const auto half = at::linear(x_, weight_);
  EXPECT_EQ(half.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::softmax(half, -1).equal(at::softmax(half.to(at::kFloat), -1)));
  EXPECT_EQ(at::softmax(half, -1).scalar_type(), at::kFloat);
  EXPECT_EQ(at::matmul(x_, weight_.t()).scalar_type(), at::kHalf);
  EXPECT_EQ(at::relu(half).scalar_type(), at::kBFloat16);
}

TEST_F(Overrides, TheFirstRuleThatFitsACallCounts) {
  const auto type_under = [&](const std::vector<PrecisionRule>& rules) {
    install(rules);
    return in_bf16([&] { return at::linear(x_, weight_, bias_); }).scalar_type();
  };
  EXPECT_EQ(type_under({parameters("head.weight", BINADE_FLOAT16), parameters("*", BINADE_FLOAT32)}), at::kHalf);
  EXPECT_EQ(type_under({parameters("*", BINADE_FLOAT32), parameters("head.weight", BINADE_FLOAT16)}), at::kFloat);
  EXPECT_EQ(type_under({parameters("*.bias", BINADE_FLOAT32), parameters("*", BINADE_FLOAT16)}), at::kFloat);
  EXPECT_EQ(type_under({parameters("*", BINADE_FLOAT32), operation("linear", BINADE_FLOAT16)}), at::kFloat);
  EXPECT_EQ(type_under({operation("linear", BINADE_FLOAT16), parameters("*", BINADE_FLOAT32)}), at::kHalf);
}

TEST_F(Overrides, LeaveDoublesIntegersAndWhatIsInPlaceAlone) {
  install({parameters("*", BINADE_BFLOAT16)});
  const Autocast autocast(at::kCPU, at::kHalf);
  EXPECT_EQ(at::mul(weight_, at::ones({4, 8}, at::kDouble)).scalar_type(), at::kDouble);
  EXPECT_EQ(at::mul(weight_, at::ones({4, 8}, at::kLong)).scalar_type(), at::kBFloat16);
  auto sum = at::zeros({4, 8});
  const at::NoGradGuard no_grad;
  EXPECT_EQ(sum.add_(weight_).scalar_type(), at::kFloat);
  EXPECT_EQ(weight_.to(at::kFloat).data_ptr(), weight_.data_ptr()) << "not even a copy";
  EXPECT_EQ(at::zeros_like(weight_).scalar_type(), at::kFloat);
}

TEST_F(Overrides, AreInstalledOnlyWhereThereAreRulesAndGoAway) {
  const auto before = autocast_kernels();
  install({});
  EXPECT_EQ(autocast_kernels(), before);
  install({operation("softmax", BINADE_FLOAT32)});
  EXPECT_EQ(autocast_kernels(), before + 2) << "softmax.int and softmax.Dimname";
  install({parameters("head.*", BINADE_FLOAT32)});
  EXPECT_GT(autocast_kernels(), before + 100);
  overrides_.reset();
  EXPECT_EQ(autocast_kernels(), before);
  EXPECT_EQ(in_bf16([&] { return at::linear(x_, weight_); }).scalar_type(), at::kBFloat16);
}

TEST_F(Overrides, AreOfTheDeviceOfTheRun) {
  const auto on_gpu = [] {
    return c10::Dispatcher::singleton().getRegistrationsForDispatchKey(c10::DispatchKey::AutocastCUDA).size();
  };
  const auto before = on_gpu(), on_cpu = autocast_kernels();
  {
    const Model model(TensorModel::plugin(), OptionTable{}, {"x"}, cpu_);
    PrecisionOverrides overrides(model, {parameters("head.*", BINADE_FLOAT32)});
    overrides.install(at::kCUDA);
    EXPECT_GT(on_gpu(), before + 100);
    EXPECT_EQ(autocast_kernels(), on_cpu);
  }
  EXPECT_EQ(on_gpu(), before);
}

TEST_F(Overrides, SayNothingToTheTerminal) {
  const c10::WarningUtils::WarnAlways every_time(true);
  ::testing::internal::CaptureStderr();
  install({parameters("head.*", BINADE_FLOAT32)});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(Overrides, NameTheRulesThatNothingCameUnder) {
  auto of_plugin = parameters("*norm*", BINADE_FLOAT32);
  of_plugin.by_plugin = true;
  install({parameters("head.weight", BINADE_FLOAT32), parameters("body.*", BINADE_FLOAT32),
           operation("softmax", BINADE_FLOAT32), of_plugin});
  in_bf16([&] { return at::linear(x_, weight_); });
  EXPECT_THAT(overrides_->unused(), ElementsAre("[precision.overrides] body.*", "[precision.operations] softmax"));
  install({});
  EXPECT_THAT(overrides_->unused(), IsEmpty());
}

TEST_F(Overrides, RefuseRulesThatCannotHold) {
  const auto refusal = [&](const PrecisionRule& rule) { return message_of([&] { install({rule}); }); };
  const auto unmatched = refusal(parameters("haed.weight", BINADE_FLOAT32));
  EXPECT_THAT(unmatched, HasSubstr("[precision.overrides]: `haed.weight` matches no parameter (did you mean "
                                   "`head.weight`?); there are: head.weight, head.bias, body.weight"));
  EXPECT_THAT(refusal(operation("sotfmax", BINADE_FLOAT32)),
              HasSubstr("[precision.operations]: LibTorch has no operation `sotfmax` (did you mean `softmax`?)"));
  EXPECT_THAT(refusal(operation("bitwise_and", BINADE_FLOAT32)), HasSubstr("works on integers"));
  EXPECT_THAT(refusal(operation("relu_", BINADE_FLOAT32)), HasSubstr("writes into an existing tensor"));
  EXPECT_THAT(refusal(operation("transpose", BINADE_FLOAT32)), HasSubstr("computes nothing"));
  EXPECT_THAT(refusal(operation("arange", BINADE_FLOAT32)), HasSubstr("takes no tensor"));
  auto of_plugin = parameters("haed.weight", BINADE_FLOAT32);
  of_plugin.by_plugin = true;
  EXPECT_EQ(refusal(of_plugin), "") << "a policy knows no model";
}

}  // namespace
}  // namespace binade::host
