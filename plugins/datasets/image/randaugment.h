// torchvision's RandAugment (Cubuk et al. 2019): n random operations of magnitude m, out of 30.
#pragma once

#include <binade/options.h>

#include <cmath>

#include "affine.h"
#include "randomness.h"
#include "tone.h"

class RandAugment {
 public:
  // Reads `randaugment` = [n, m]. Throws std::invalid_argument.
  explicit RandAugment(const binade::Options& options) {
    if (!options.has("randaugment")) return;
    const auto numbers = options.integers("randaugment");
    if (numbers.size() != 2 || numbers[0] < 0 || numbers[0] > 14 || numbers[1] < 0 || numbers[1] > 30) {
      throw std::invalid_argument(
          "`randaugment` needs two numbers: n, operations per picture, 0 to 14, and m, their magnitude, 0 to 30");
    }
    operations_ = static_cast<int>(numbers[0]);
    magnitude_ = static_cast<int>(numbers[1]);
  }

  void apply(Picture& picture, binade::Random& random) const {
    for (int i = 0; i < operations_; ++i) {
      const int operation = up_to(random, operation_count - 1);
      const double sign = up_to(random, 1) == 0 ? 1 : -1;
      perform(picture, operation, sign);
    }
  }

  // Performs operation number `operation`, in torchvision's order.
  void perform(Picture& picture, int operation, double sign) const {
    const double part = magnitude_ / 30.0, strength = sign * part;
    const auto moved = [&](double by_x, double by_y) {
      picture = transformed(picture, {1, 0, -std::trunc(by_x), 0, 1, -std::trunc(by_y)});
    };
    switch (operation) {
      case 0:
        return;  // identity
      case 1:
        return void(picture = transformed(picture, {1, 0.3 * strength, 0, 0, 1, 0}));
      case 2:
        return void(picture = transformed(picture, {1, 0, 0, 0.3 * strength, 1, 0}));
      case 3:
        return moved(150.0 / 331 * picture.width() * strength, 0);
      case 4:
        return moved(0, 150.0 / 331 * picture.height() * strength);
      case 5:
        return void(picture = rotated(picture, 30 * strength));
      case 6:
        return colour::brightness(picture, 1 + 0.9 * strength);
      case 7:
        return colour::saturation(picture, 1 + 0.9 * strength);
      case 8:
        return colour::contrast(picture, 1 + 0.9 * strength);
      case 9:
        return tone::sharpness(picture, 1 + 0.9 * strength);
      case 10:
        return tone::posterize(picture, 8 - static_cast<int>(std::nearbyint(magnitude_ / 7.5)));
      case 11:
        return tone::solarize(picture, 255 * (1 - part));
      case 12:
        return tone::auto_contrast(picture);
      default:
        return tone::equalize(picture);
    }
  }

  static constexpr int operation_count = 14;

 private:
  int operations_ = 0, magnitude_ = 0;
};
