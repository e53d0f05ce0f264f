// The cnn model: shapes, names, learning, and the use of training statistics in evaluation.
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/plugins/opened_model.h"

namespace binade::host {
namespace {

using testing::HasSubstr;

GivenOptions cnn(GivenOptions more = {}) {
  more.insert({{"channels", integer(3)}, {"classes", integer(5)}, {"width", integer(4)}});
  return more;
}

std::set<std::string> names(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names;
}

at::Tensor buffer(const OpenedModel& model, const std::string& wanted) {
  for (const auto& [name, tensor] : model.buffers()) {
    if (name == wanted) return tensor;
  }
  throw std::invalid_argument("no buffer " + wanted);
}

TEST(Cnn, GivesALogitPerClassForImagesOfAnySize) {
  OpenedModel model("cnn", cnn());
  EXPECT_EQ(model.forward({at::randn({2, 3, 32, 32})}).sizes(), at::IntArrayRef({2, 5}));
  EXPECT_EQ(model.forward({at::randn({2, 3, 28, 17})}).sizes(), at::IntArrayRef({2, 5}));
}

TEST(Cnn, HasTheParametersOfCifarsResNet20) {
  const auto options = cnn({{"blocks", integer(3)}, {"width", integer(16)}, {"classes", integer(10)}});
  // As He et al. count them (0.27 M), and 2048 + 512 for the two projections and 192 for their normalisation.
  EXPECT_EQ(OpenedModel("cnn", options).parameter_count(), 269'722 + 16 * 32 + 32 * 64 + 2 * (32 + 64));
}

TEST(Cnn, NamesParametersAndBuffersAsTorchvisionDoes) {
  const OpenedModel model("cnn", cnn({{"stages", integer(2)}, {"blocks", integer(2)}}));
  std::set<std::string> parameters = {"conv1.weight", "fc.weight", "fc.bias", "layer2.0.downsample.0.weight"}, buffers;
  std::set<std::string> norms = {"bn1", "layer2.0.downsample.1"};
  for (const std::string block : {"layer1.0.", "layer1.1.", "layer2.0.", "layer2.1."}) {
    for (const std::string number : {"1", "2"}) {
      parameters.insert(block + "conv" + number + ".weight");
      norms.insert(block + "bn" + number);
    }
  }
  for (const auto& norm : norms) {
    for (const char* part : {".weight", ".bias"}) parameters.insert(norm + part);
    for (const char* part : {".running_mean", ".running_var", ".num_batches_tracked"}) buffers.insert(norm + part);
  }
  EXPECT_EQ(names(model.parameters()), parameters);
  EXPECT_EQ(names(model.buffers()), buffers);
}

TEST(Cnn, HalvesTheImageAndDoublesTheWidthFromStageToStage) {
  const OpenedModel model("cnn", cnn());
  EXPECT_EQ(model.parameter("layer1.0.conv1.weight").sizes(), at::IntArrayRef({4, 4, 3, 3}));
  EXPECT_EQ(model.parameter("layer2.0.conv1.weight").sizes(), at::IntArrayRef({8, 4, 3, 3}));
  EXPECT_EQ(model.parameter("layer3.1.conv2.weight").sizes(), at::IntArrayRef({16, 16, 3, 3}));
  EXPECT_EQ(model.parameter("fc.weight").sizes(), at::IntArrayRef({5, 16}));
}

TEST(Cnn, LearnsABatchByHeart) {
  OpenedModel model("cnn", cnn());
  const auto images = at::randn({10, 3, 8, 8});
  const auto labels = at::arange(10, at::kLong).remainder(5);
  const auto loss = [&] { return at::cross_entropy_loss(model.forward({images}), labels); };
  EXPECT_GT(loss().item<double>(), 1);
  for (int step = 0; step < 40; ++step) model.descend(loss(), 0.1);
  EXPECT_LT(loss().item<double>(), 0.1);
}

TEST(Cnn, SendsAGradientToEveryParameter) {
  OpenedModel model("cnn", cnn());
  at::cross_entropy_loss(model.forward({at::randn({5, 3, 8, 8})}), at::arange(5, at::kLong)).backward();
  for (const auto& [name, tensor] : model.parameters()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    EXPECT_TRUE(tensor.grad().ne(0).any().item<bool>()) << name;
  }
}

TEST(Cnn, GathersStatisticsWhileTrainingAndUsesThemAfterwards) {
  OpenedModel model("cnn", cnn());
  const auto images = at::randn({4, 3, 8, 8});
  EXPECT_TRUE(buffer(model, "bn1.running_mean").eq(0).all().item<bool>());
  model.forward({images});
  EXPECT_EQ(buffer(model, "bn1.num_batches_tracked").item<std::int64_t>(), 1);
  const auto mean = buffer(model, "bn1.running_mean").clone();
  EXPECT_FALSE(mean.eq(0).any().item<bool>());
  model.train(false);
  const auto whole = model.forward({images});
  EXPECT_TRUE(buffer(model, "bn1.running_mean").equal(mean));
  EXPECT_TRUE(model.forward({images.narrow(0, 0, 1)}).allclose(whole.narrow(0, 0, 1), 1e-4, 1e-5))
      << "an image's logits do not depend on the others of its batch";
}

TEST(Cnn, SaysWhichImagesItWasBuiltFor) {
  OpenedModel model("cnn", cnn());
  try {
    model.forward({at::randn({2, 1, 8, 8})});
    FAIL() << "it went through";
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("`image` has the shape [2, 1, 8, 8]; [N, 3, height, width] was expected"));
  }
}

}  // namespace
}  // namespace binade::host
