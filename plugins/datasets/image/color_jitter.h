// torchvision's ColorJitter.
#pragma once

#include <binade/options.h>

#include <array>
#include <utility>

#include "colour.h"
#include "randomness.h"

class ColorJitter {
 public:
  // Reads `color_jitter` = [brightness, contrast, saturation, hue]. Throws std::invalid_argument.
  explicit ColorJitter(const binade::Options& options) {
    if (!options.has("color_jitter")) return;
    const auto numbers = options.numbers("color_jitter");
    if (numbers.size() > amount_.size()) {
      throw std::invalid_argument("`color_jitter` has " + std::to_string(numbers.size()) +
                                  " numbers; brightness, contrast, saturation and hue were expected");
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < 0) throw std::invalid_argument("`color_jitter` must not be negative");
      amount_[i] = numbers[i];
    }
    if (amount_[3] > 0.5) throw std::invalid_argument("the hue of `color_jitter`, its fourth number, must be <= 0.5");
  }

  void apply(Picture& picture, binade::Random& random) const {
    if (amount_ == decltype(amount_){}) return;
    std::array<int, 4> order = {0, 1, 2, 3};
    for (int last = 3; last > 0; --last) {
      std::swap(order[static_cast<std::size_t>(last)], order[static_cast<std::size_t>(up_to(random, last))]);
    }
    std::array<double, 4> drawn{};
    for (std::size_t i = 0; i < 3; ++i) drawn[i] = between(random, std::max(0.0, 1 - amount_[i]), 1 + amount_[i]);
    drawn[3] = between(random, -amount_[3], amount_[3]);
    for (const int change : order) {
      const auto which = static_cast<std::size_t>(change);
      if (amount_[which] > 0) changes[which](picture, drawn[which]);
    }
  }

 private:
  static constexpr void (*changes[])(Picture&, double) = {colour::brightness, colour::contrast, colour::saturation,
                                                          colour::hue};
  std::array<double, 4> amount_{};
};
