#include "tests/engine/reference_training.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace binade::host::testing {
namespace {

using Numbers = std::vector<double>;

double activate(const std::string& name, double z) {
  if (name == "relu") return std::max(z, 0.0);
  return name == "tanh" ? std::tanh(z) : 0.5 * z * (1 + std::erf(z / std::numbers::sqrt2));
}

double slope(const std::string& name, double z) {
  if (name == "relu") return z > 0 ? 1 : 0;
  if (name == "tanh") return 1 - std::tanh(z) * std::tanh(z);
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return 0.5 * (1 + std::erf(z / std::numbers::sqrt2)) + z * density;
}

// The loss of one row, and its derivative by the outputs.
double loss_of(const std::string& name, const Numbers& out, const Json& target, Numbers& derivative) {
  derivative = out;
  if (name == "mse") {
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double off = out[i] - target[i].get<double>();
      sum += off * off;
      derivative[i] = 2 * off / static_cast<double>(out.size());
    }
    return sum / static_cast<double>(out.size());
  }
  const double top = *std::max_element(out.begin(), out.end());
  double sum = 0;
  for (const double value : out) sum += std::exp(value - top);
  for (auto& value : derivative) value = std::exp(value - top) / sum;
  const auto label = target.get<std::size_t>();
  const double loss = -(out[label] - top - std::log(sum));
  derivative[label] -= 1;
  return loss;
}

// All parameters in one row: w0, b0, w1, ...
class Reference {
 public:
  explicit Reference(const Json& run) : run_(run), layers_(run["layers"].get<std::vector<std::size_t>>()) {
    for (const auto& tensor : run["params"]) {
      for (const auto& row : tensor) {
        if (row.is_array()) {
          for (const auto& value : row) parameters_.push_back(value);
        } else {
          parameters_.push_back(row);
        }
      }
    }
    for (auto* state : {&first_, &second_}) state->assign(parameters_.size(), 0);
    if (run["optimizer"]["type"] == "adagrad") {
      second_.assign(parameters_.size(), run["optimizer"]["initial_accumulator_value"]);
    }
  }

  Json step() {
    gradient_.assign(parameters_.size(), 0);
    const double loss = micro_batches();
    double squares = 0;
    for (const double g : gradient_) squares += g * g;
    const double norm = std::sqrt(squares);
    if (const auto& clip = run_["clip_max_norm"]; !clip.is_null()) {
      const double factor = std::min(1.0, clip.get<double>() / (norm + 1e-6));
      for (auto& g : gradient_) g *= factor;
    }
    const double rate = lr();
    ++applied_;
    update(rate);
    double sum = 0, parameter_squares = 0;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      sum += parameters_[i] * static_cast<double>(1 + i % 7);
      parameter_squares += parameters_[i] * parameters_[i];
    }
    return {{"loss", loss},
            {"grad_norm", norm},
            {"lr", rate},
            {"checksum", sum},
            {"param_norm", std::sqrt(parameter_squares)}};
  }

  Json parameters() const {
    Json out = Json::array();
    std::size_t at = 0;
    for (std::size_t layer = 0; layer + 1 < layers_.size(); ++layer) {
      Json weight = Json::array(), bias = Json::array();
      for (std::size_t o = 0; o < layers_[layer + 1]; ++o) {
        weight.push_back(Numbers(&parameters_[at], &parameters_[at] + layers_[layer]));
        at += layers_[layer];
      }
      for (std::size_t o = 0; o < layers_[layer + 1]; ++o) bias.push_back(parameters_[at++]);
      out.push_back(weight);
      out.push_back(bias);
    }
    return out;
  }

 private:
  // Adds the gradients of all micro-batches of this step; the mean of their losses.
  double micro_batches() {
    const auto size = run_["data"]["micro_batch_size"].get<std::size_t>(), rows = run_["data"]["inputs"].size();
    const auto count = run_["accumulation"].get<std::size_t>();
    const double share = 1.0 / static_cast<double>(size * count);
    double loss = 0;
    for (std::size_t i = 0; i < size * count; ++i) loss += share * row(drawn_++ % rows, share);
    return loss;
  }

  // Forward and backward through one row; adds its gradients times `share`.
  double row(std::size_t number, double share) {
    const auto activation = run_["activation"].get<std::string>();
    std::vector<Numbers> in{run_["data"]["inputs"][number].get<Numbers>()}, sums;
    std::vector<std::size_t> begins{0};
    for (std::size_t layer = 0; layer + 1 < layers_.size(); ++layer) {
      const auto width = layers_[layer], outputs = layers_[layer + 1];
      const double *w = &parameters_[begins.back()], *b = w + width * outputs;
      Numbers z(b, b + outputs);
      for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t i = 0; i < width; ++i) z[o] += w[o * width + i] * in.back()[i];
      }
      sums.push_back(z);
      if (layer + 2 < layers_.size())
        std::ranges::transform(z, z.begin(), [&](double v) { return activate(activation, v); });
      in.push_back(z);
      begins.push_back(begins.back() + width * outputs + outputs);
    }
    Numbers delta;
    const double loss = loss_of(run_["loss"], in.back(), run_["data"]["targets"][number], delta);
    for (std::size_t layer = layers_.size() - 1; layer-- > 0;) {
      const auto width = layers_[layer], outputs = layers_[layer + 1], begin = begins[layer];
      Numbers below(width, 0);
      for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t i = 0; i < width; ++i) {
          gradient_[begin + o * width + i] += share * delta[o] * in[layer][i];
          below[i] += delta[o] * parameters_[begin + o * width + i];
        }
        gradient_[begin + width * outputs + o] += share * delta[o];
      }
      if (layer > 0) {
        for (std::size_t i = 0; i < width; ++i) below[i] *= slope(activation, sums[layer - 1][i]);
      }
      delta = below;
    }
    return loss;
  }

  double lr() const {
    const auto& schedule = run_["schedule"];
    const double base = schedule["base_lr"];
    if (schedule["type"] == "constant") return base;
    const double warmup = schedule["warmup_steps"], total = schedule["total_steps"], least = schedule["min_lr"];
    const auto k = static_cast<double>(applied_);
    if (k < warmup) return base * (k + 1) / warmup;
    const double q = std::min(1.0, (k - warmup) / std::max(1.0, total - warmup));
    return least + (base - least) * 0.5 * (1 + std::cos(std::numbers::pi * q));
  }

  void update(double rate) {
    const auto& optimizer = run_["optimizer"];
    const std::string type = optimizer["type"];
    const double decay = optimizer["weight_decay"];
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      double &p = parameters_[i], g = gradient_[i];
      if (type == "adamw") {
        p *= 1 - rate * decay;
      } else {
        g += decay * p;
      }
      p -= type == "sgd"       ? rate * sgd(optimizer, g, first_[i])
           : type == "adagrad" ? adagrad(optimizer, rate, g, second_[i])
           : type == "rmsprop" ? rate * rmsprop(optimizer, g, first_[i], second_[i])
                               : rate * adam(optimizer, g, first_[i], second_[i]);
    }
  }
  double sgd(const Json& given, double g, double& buffer) const {
    const double momentum = given["momentum"], dampening = given["dampening"];
    if (momentum == 0) return g;
    buffer = applied_ == 1 ? g : momentum * buffer + (1 - dampening) * g;
    return given["nesterov"].get<bool>() ? g + momentum * buffer : buffer;
  }
  double adam(const Json& given, double g, double& mean, double& square) const {
    const double beta1 = given["betas"][0], beta2 = given["betas"][1], eps = given["eps"];
    const auto t = static_cast<double>(applied_);
    mean = beta1 * mean + (1 - beta1) * g;
    square = beta2 * square + (1 - beta2) * g * g;
    const double unbiased = std::sqrt(square / (1 - std::pow(beta2, t)));
    return mean / (1 - std::pow(beta1, t)) / (unbiased + eps);
  }
  double adagrad(const Json& given, double rate, double g, double& sum) const {
    sum += g * g;
    const double slowed = rate / (1 + static_cast<double>(applied_ - 1) * given["lr_decay"].get<double>());
    return slowed * g / (std::sqrt(sum) + given["eps"].get<double>());
  }
  static double rmsprop(const Json& given, double g, double& buffer, double& square) {
    const double alpha = given["alpha"], momentum = given["momentum"];
    square = alpha * square + (1 - alpha) * g * g;
    const double scaled = g / (std::sqrt(square) + given["eps"].get<double>());
    buffer = momentum * buffer + scaled;
    return buffer;
  }

  const Json& run_;
  std::vector<std::size_t> layers_;
  Numbers parameters_, gradient_, first_, second_;
  std::size_t drawn_ = 0;
  std::uint64_t applied_ = 0;
};

}  // namespace

Json reference_trace(Json run) {
  Reference reference(run);
  Json steps = Json::array();
  for (int i = 0; i < run["steps"].get<int>(); ++i) steps.push_back(reference.step());
  run["expect"] = steps;
  run["final_params"] = reference.parameters();
  return run;
}

}  // namespace binade::host::testing
