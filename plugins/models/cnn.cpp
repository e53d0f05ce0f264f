// A residual network for images (He et al. 2015), with basic blocks. Parameters and buffers are named as in
// torchvision's ResNet: conv1.weight, bn1.running_mean, layer1.0.conv1.weight, layer2.0.downsample.0.weight, fc.bias.
#include <binade/model.h>

namespace {

// Without bias, because batch normalization follows, which has one.
torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  const auto options = torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false);
  torch::nn::Conv2d layer(options);
  torch::nn::init::kaiming_normal_(layer->weight, 0, torch::kFanOut, torch::kReLU);
  return layer;
}

struct BlockImpl : torch::nn::Module {
  BlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride) {
    conv1 = register_module("conv1", convolution(in, out, 3, stride));
    bn1 = register_module("bn1", torch::nn::BatchNorm2d(out));
    conv2 = register_module("conv2", convolution(out, out, 3, 1));
    bn2 = register_module("bn2", torch::nn::BatchNorm2d(out));
    if (in == out && stride == 1) return;
    downsample = register_module("downsample",
                                 torch::nn::Sequential(convolution(in, out, 1, stride), torch::nn::BatchNorm2d(out)));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = bn2(conv2(torch::relu(bn1(conv1(x)))));
    return torch::relu(y + (downsample ? downsample->forward(x) : x));
  }

  torch::nn::Conv2d conv1{nullptr}, conv2{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr}, bn2{nullptr};
  torch::nn::Sequential downsample{nullptr};
};
TORCH_MODULE(Block);

struct Cnn : torch::nn::Module {
  explicit Cnn(const binade::Options& options) : channels(options.integer("channels")) {
    auto width = options.integer("width");
    conv1 = register_module("conv1", convolution(channels, width, 3, 1));
    bn1 = register_module("bn1", torch::nn::BatchNorm2d(width));
    auto in = width;
    for (std::int64_t stage = 0; stage < options.integer("stages"); ++stage) {
      if (stage > 0) width *= 2;
      torch::nn::Sequential blocks;
      for (std::int64_t block = 0; block < options.integer("blocks"); ++block) {
        blocks->push_back(Block(in, width, stage > 0 && block == 0 ? 2 : 1));
        in = width;
      }
      stages.push_back(register_module("layer" + std::to_string(stage + 1), blocks));
    }
    fc = register_module("fc", torch::nn::Linear(width, options.integer("classes")));
  }

  // [N, channels, H, W] -> [N, classes], of any height and width.
  torch::Tensor forward(const torch::Tensor& image) {
    if (image.dim() != 4 || image.size(1) != channels) {
      throw std::invalid_argument("`image` has the shape " + c10::str(image.sizes()) + "; [N, " +
                                  std::to_string(channels) + ", height, width] was expected: is `channels` right?");
    }
    auto x = torch::relu(bn1(conv1(image)));
    for (auto& stage : stages) x = stage->forward(x);
    return torch::linear(x.mean({2, 3}), fc->weight, fc->bias);
  }

  std::int64_t channels;
  torch::nn::Conv2d conv1{nullptr};
  torch::nn::BatchNorm2d bn1{nullptr};
  std::vector<torch::nn::Sequential> stages;
  torch::nn::Linear fc{nullptr};
};

}  // namespace

BINADE_MODEL(Cnn)
