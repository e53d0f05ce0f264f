// Random rectangles: of torchvision's RandomResizedCrop and of its RandomErasing.
#pragma once

#include <binade/options.h>

#include <cmath>
#include <optional>
#include <string>

#include "randomness.h"
#include "resize.h"

// Two positive numbers, the smaller one first.
struct Interval {
  double low, high;

  // Throws std::invalid_argument.
  static Interval from(const binade::Options& options, const std::string& name, Interval otherwise) {
    if (!options.has(name)) return otherwise;
    const auto numbers = options.numbers(name);
    if (numbers.size() == 2 && numbers[0] > 0 && numbers[0] <= numbers[1]) return {numbers[0], numbers[1]};
    throw std::invalid_argument("`" + name + "` needs two numbers above 0, the smaller one first");
  }
};

namespace random_box {

// An extent whose area is a part of the picture's, and whose width is a multiple of its height.
inline Extent draw(Extent picture, const Interval& scale, const Interval& ratio, binade::Random& random) {
  const double area = static_cast<double>(picture.pixels()) * between(random, scale.low, scale.high);
  const double aspect = std::exp(between(random, std::log(ratio.low), std::log(ratio.high)));
  const auto side = [](double length) { return static_cast<int>(std::nearbyint(std::min(std::sqrt(length), 1e9))); };
  return {side(area / aspect), side(area * aspect)};
}

constexpr int attempts = 10;

}  // namespace random_box

class RandomResizedCrop {
 public:
  explicit RandomResizedCrop(const binade::Options& options)
      : scale_(Interval::from(options, "crop_scale", {0.08, 1})),
        ratio_(Interval::from(options, "crop_ratio", {3.0 / 4, 4.0 / 3})) {
    if (scale_.high > 1) throw std::invalid_argument("`crop_scale` must be <= 1: a part of the picture");
  }

  Box draw(Extent picture, binade::Random& random) const {
    for (int attempt = 0; attempt < random_box::attempts; ++attempt) {
      const auto extent = random_box::draw(picture, scale_, ratio_, random);
      const bool fits =
          extent.height > 0 && extent.width > 0 && extent.height <= picture.height && extent.width <= picture.width;
      if (!fits) continue;
      const int top = up_to(random, picture.height - extent.height);
      return {top, up_to(random, picture.width - extent.width), extent};
    }
    return central(picture);
  }

 private:
  // The largest box in the middle whose ratio is allowed.
  Box central(Extent picture) const {
    auto extent = picture;
    const double ratio = static_cast<double>(picture.width) / picture.height;
    if (ratio < ratio_.low) {
      extent.height = static_cast<int>(std::nearbyint(picture.width / ratio_.low));
    } else if (ratio > ratio_.high) {
      extent.width = static_cast<int>(std::nearbyint(picture.height * ratio_.high));
    }
    extent = {std::max(1, std::min(extent.height, picture.height)), std::max(1, std::min(extent.width, picture.width))};
    return {(picture.height - extent.height) / 2, (picture.width - extent.width) / 2, extent};
  }

  Interval scale_, ratio_;
};

class RandomErasing {
 public:
  explicit RandomErasing(double probability) : probability_(probability) {}

  // The box to erase, if any.
  std::optional<Box> draw(Extent picture, binade::Random& random) const {
    if (probability_ <= 0 || !happens(random, probability_)) return std::nullopt;
    for (int attempt = 0; attempt < random_box::attempts; ++attempt) {
      const auto extent = random_box::draw(picture, {0.02, 0.33}, {0.3, 3.3}, random);
      if (extent.height < 1 || extent.width < 1 || extent.height >= picture.height || extent.width >= picture.width) {
        continue;
      }
      const int top = up_to(random, picture.height - extent.height);
      return Box{top, up_to(random, picture.width - extent.width), extent};
    }
    return std::nullopt;
  }

 private:
  double probability_;
};
