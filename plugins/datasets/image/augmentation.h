// Random changes of training pictures, named and ordered as in torchvision. They depend on the sample's random numbers
// only.
#pragma once

#include <binade/options.h>

#include <algorithm>
#include <cstdlib>

#include "color_jitter.h"
#include "geometry.h"
#include "randaugment.h"
#include "random_box.h"

class Augmentation {
 public:
  // Throws std::invalid_argument.
  explicit Augmentation(const binade::Options& options)
      : crops_(options.boolean("random_resized_crop")),
        crop_(options),
        padding_(static_cast<int>(options.integer("crop_padding"))),
        flip_(options.boolean("flip")),
        vertical_flip_(options.boolean("vertical_flip")),
        rotation_(options.number("rotation")),
        jitter_(options),
        randaugment_(options) {
    if (!crops_ && (options.has("crop_scale") || options.has("crop_ratio"))) {
      throw std::invalid_argument("`crop_scale` and `crop_ratio` belong to random_resized_crop = true: set it");
    }
  }

  // True if pictures are cut from whole ones, before Geometry is applied.
  bool crops() const { return crops_; }
  // A random part of a whole picture, with that extent.
  Picture crop(const Picture& picture, Extent extent, binade::Random& random) const {
    return resized(picture, crop_.draw(picture.extent(), random), extent);
  }

  // All other changes; they keep the extent.
  Picture apply(Picture picture, binade::Random& random) const {
    // Draws that experiments of earlier versions repeat.
    const int down = up_to(random, 2 * padding_) - padding_, right = up_to(random, 2 * padding_) - padding_;
    const bool mirror = flip_ && random.below(2) == 1;
    if (padding_ > 0 || mirror) picture = moved(picture, down, right, mirror);
    if (vertical_flip_ && random.below(2) == 1) turn_over(picture);
    if (rotation_ > 0) picture = rotated(picture, between(random, -rotation_, rotation_));
    jitter_.apply(picture, random);
    randaugment_.apply(picture, random);
    return picture;
  }

 private:
  // The picture moved up and to the left, black outside, as a crop of the padded picture; then mirrored.
  static Picture moved(const Picture& picture, int down, int right, bool mirror) {
    const int height = picture.height(), width = picture.width();
    Picture result(picture.channels(), picture.extent());
    // Columns [begin, end) of the result come from the picture.
    const int begin = std::clamp(mirror ? right : -right, 0, width);
    const int end = std::clamp(begin + width - std::abs(right), begin, width);
    for (int channel = 0; channel < picture.channels(); ++channel) {
      for (int y = std::max(0, -down); y < std::min(height, height - down); ++y) {
        const auto* const from = picture.row(channel, y + down);
        auto* const to = result.row(channel, y);
        if (mirror) {
          for (int x = begin; x < end; ++x) to[x] = from[width - 1 - x + right];
        } else {
          for (int x = begin; x < end; ++x) to[x] = from[x + right];
        }
      }
    }
    return result;
  }

  static void turn_over(Picture& picture) {
    for (int channel = 0; channel < picture.channels(); ++channel) {
      for (int top = 0, bottom = picture.height() - 1; top < bottom; ++top, --bottom) {
        std::swap_ranges(picture.row(channel, top), picture.row(channel, top) + picture.width(),
                         picture.row(channel, bottom));
      }
    }
  }

  bool crops_;
  RandomResizedCrop crop_;
  int padding_;
  bool flip_, vertical_flip_;
  double rotation_;
  ColorJitter jitter_;
  RandAugment randaugment_;
};
