// Changes of colour as torchvision's ColorJitter makes them with PIL, bit for bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "luma.h"
#include "picture.h"

namespace colour {

// From `plain`, at factor 0, over `value`, at factor 1, to beyond it: Image.blend.
inline unsigned char blended(int plain, int value, float factor) {
  const float mixed = static_cast<float>(plain) + factor * static_cast<float>(value - plain);
  return static_cast<unsigned char>(mixed <= 0 ? 0 : mixed >= 255 ? 255 : static_cast<int>(mixed));
}

inline unsigned char luma_at(const Picture& picture, std::size_t i) {
  return picture.channels() == 1 ? picture.data()[i]
                                 : luma(picture.plane(0)[i], picture.plane(1)[i], picture.plane(2)[i]);
}

inline void brightness(Picture& picture, double factor) {
  for (std::size_t i = 0; i < picture.size(); ++i) {
    picture.data()[i] = blended(0, picture.data()[i], static_cast<float>(factor));
  }
}

inline void contrast(Picture& picture, double factor) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < picture.plane_size(); ++i) sum += luma_at(picture, i);
  const double mean = static_cast<double>(sum) / static_cast<double>(picture.plane_size());
  constexpr double half = 0.5;
  const int grey = static_cast<int>(mean + half);  // as PIL rounds
  for (std::size_t i = 0; i < picture.size(); ++i) {
    picture.data()[i] = blended(grey, picture.data()[i], static_cast<float>(factor));
  }
}

inline void saturation(Picture& picture, double factor) {
  if (picture.channels() == 1) return;
  for (std::size_t i = 0; i < picture.plane_size(); ++i) {
    const int grey = luma_at(picture, i);
    for (int channel = 0; channel < 3; ++channel) {
      auto& value = picture.plane(channel)[i];
      value = blended(grey, value, static_cast<float>(factor));
    }
  }
}

struct Hsv {
  int hue, saturation, value;
};
inline Hsv hsv_of(int red, int green, int blue) {
  const int most = std::max({red, green, blue}), least = std::min({red, green, blue});
  if (most == least) return {0, 0, most};
  const auto range = static_cast<float>(most - least);
  const float r = static_cast<float>(most - red) / range, g = static_cast<float>(most - green) / range,
              b = static_cast<float>(most - blue) / range;
  const float sixth = red == most     ? b - g
                      : green == most ? static_cast<float>(2.0 + r - b)
                                      : static_cast<float>(4.0 + g - r);
  const auto hue = static_cast<float>(std::fmod(sixth / 6.0 + 1.0, 1.0));
  const float saturation = range / static_cast<float>(most);
  return {std::clamp(static_cast<int>(hue * 255.0), 0, 255), std::clamp(static_cast<int>(saturation * 255.0), 0, 255),
          most};
}

// Writes the red, green and blue of a colour.
inline void set_hsv(const Hsv& hsv, unsigned char& red, unsigned char& green, unsigned char& blue) {
  const auto byte = [](double value) {
    return static_cast<unsigned char>(std::clamp(static_cast<int>(std::round(value)), 0, 255));
  };
  const auto value = static_cast<float>(hsv.value);
  const int sector = static_cast<int>(std::floor(static_cast<float>(hsv.hue) * 6.0 / 255.0));
  const auto part = static_cast<float>(static_cast<float>(hsv.hue) * 6.0 / 255.0 - sector);
  const float saturation = static_cast<float>(hsv.saturation) / 255.0F;
  const auto v = static_cast<unsigned char>(hsv.value), p = byte(value * (1.0 - saturation)),
             q = byte(value * (1.0 - saturation * part)), t = byte(value * (1.0 - saturation * (1.0 - part)));
  const unsigned char reds[] = {v, q, p, p, t, v}, greens[] = {t, v, v, q, p, p}, blues[] = {p, p, t, v, v, q};
  red = reds[sector % 6];
  green = greens[sector % 6];
  blue = blues[sector % 6];
}

// Turns the circle of hues by that part of it, -0.5 to 0.5.
inline void hue(Picture& picture, double turn) {
  if (picture.channels() == 1) return;
  const int shift = static_cast<int>(turn * 255);
  auto *red = picture.plane(0), *green = picture.plane(1), *blue = picture.plane(2);
  for (std::size_t i = 0; i < picture.plane_size(); ++i) {
    auto hsv = hsv_of(red[i], green[i], blue[i]);
    hsv.hue = (hsv.hue + shift + 256) % 256;
    set_hsv(hsv, red[i], green[i], blue[i]);
  }
}

}  // namespace colour
