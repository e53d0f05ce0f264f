// The extent that all pictures get: the options `resize`, `size` and `center_crop`, as torchvision's Resize and
// CenterCrop.
#pragma once

#include <binade/options.h>

#include <cmath>
#include <optional>
#include <string>

#include "resize.h"

class Geometry {
 public:
  // Throws std::invalid_argument if the options contradict each other.
  explicit Geometry(const binade::Options& options) {
    if (options.has("resize")) shorter_ = static_cast<int>(options.integer("resize"));
    if (options.has("size")) size_ = pair(options, "size");
    if (options.has("center_crop")) crop_ = pair(options, "center_crop");
    if (shorter_ && size_) throw std::invalid_argument("`resize` and `size` exclude each other: remove one of them");
    const int height = size_ ? size_->height : shorter_.value_or(largest);
    const int width = size_ ? size_->width : shorter_.value_or(largest);
    if (crop_ && (crop_->height > height || crop_->width > width)) {
      throw std::invalid_argument("`center_crop` is larger than what " + std::string(size_ ? "`size`" : "`resize`") +
                                  " leaves: make it smaller");
    }
  }

  // The extent of all results, if it does not depend on the pictures.
  std::optional<Extent> fixed() const { return crop_ ? crop_ : size_; }

  // The result's extent for a picture of that extent. Throws BadPicture if the picture is too small to be cropped.
  Extent of(Extent from) const {
    const auto to = resized_extent(from);
    check_extent(static_cast<std::uint64_t>(to.width), static_cast<std::uint64_t>(to.height));
    if (!crop_) return to;
    if (crop_->height > to.height || crop_->width > to.width) {
      throw BadPicture("a picture of " + to.text() + " is smaller than `center_crop`, " + crop_->text() +
                       ": set `resize`, or a smaller `center_crop`");
    }
    return *crop_;
  }

  // Throws BadPicture if the picture is too small to be cropped.
  Picture apply(Picture picture) const {
    const auto to = of(picture.extent()), before = resized_extent(picture.extent());
    if (picture.extent() != before) picture = resized(picture, whole(picture), before);
    if (to == before) return picture;
    return cropped(picture, {half(before.height - to.height), half(before.width - to.width), to});
  }

  // Identifies the options.
  std::string key() const {
    const auto text = [](const std::optional<Extent>& extent) { return extent ? extent->text() : std::string("-"); };
    return std::to_string(shorter_.value_or(0)) + " " + text(size_) + " " + text(crop_);
  }

 private:
  static constexpr int largest = 65535;

  static Extent pair(const binade::Options& options, const char* name) {
    const auto numbers = options.integers(name);
    if (numbers.size() != 2 || numbers.front() < 1 || numbers.back() < 1 || numbers.front() > largest ||
        numbers.back() > largest) {
      throw std::invalid_argument("`" + std::string(name) + "` needs [height, width], both from 1 to 65535");
    }
    return {static_cast<int>(numbers.front()), static_cast<int>(numbers.back())};
  }

  // torchvision rounds halves to even, as Python does.
  static int half(int rest) { return static_cast<int>(std::nearbyint(rest / 2.0)); }

  Extent resized_extent(Extent from) const {
    if (size_) return *size_;
    if (!shorter_) return from;
    const std::int64_t side = *shorter_;
    const auto longer = [&](int of, int other) {
      return static_cast<int>(std::min<std::int64_t>(side * of / other, std::int64_t{largest} * 1024));
    };
    if (from.width <= from.height) return {longer(from.height, from.width), *shorter_};
    return {*shorter_, longer(from.width, from.height)};
  }

  std::optional<int> shorter_;
  std::optional<Extent> size_, crop_;
};
