// Changes of the values of pixels as in PIL's ImageOps and ImageEnhance, bit for bit.
#pragma once

#include <algorithm>
#include <array>

#include "colour.h"
#include "picture.h"

namespace tone {

using Table = std::array<unsigned char, 256>;
using Counts = std::array<std::uint64_t, 256>;

template <class MakeTable>
void look_up(Picture& picture, const MakeTable& make_table) {
  for (int channel = 0; channel < picture.channels(); ++channel) {
    auto *begin = picture.plane(channel), *end = begin + picture.plane_size();
    Counts counts{};
    for (const auto* at = begin; at != end; ++at) ++counts[*at];
    const Table table = make_table(counts);
    std::transform(begin, end, begin, [&](unsigned char value) { return table[value]; });
  }
}

template <class Value>
Table table_of(const Value& value) {
  Table table{};
  for (int i = 0; i < 256; ++i) table[static_cast<std::size_t>(i)] = static_cast<unsigned char>(value(i));
  return table;
}

inline void posterize(Picture& picture, int bits) {
  const int mask = 0xFF & (0xFF << (8 - bits));
  look_up(picture, [&](const Counts&) { return table_of([&](int i) { return i & mask; }); });
}

inline void solarize(Picture& picture, double threshold) {
  look_up(picture, [&](const Counts&) { return table_of([&](int i) { return i < threshold ? i : 255 - i; }); });
}

inline void auto_contrast(Picture& picture) {
  look_up(picture, [](const Counts& counts) {
    int low = 0, high = 255;
    while (low < 255 && counts[static_cast<std::size_t>(low)] == 0) ++low;
    while (high > 0 && counts[static_cast<std::size_t>(high)] == 0) --high;
    if (high <= low) return table_of([](int i) { return i; });
    const double scale = 255.0 / (high - low), offset = -low * scale;
    return table_of([&](int i) { return std::clamp(static_cast<int>(i * scale + offset), 0, 255); });
  });
}

inline void equalize(Picture& picture) {
  look_up(picture, [](const Counts& counts) {
    std::uint64_t total = 0, last = 0, shades = 0;
    for (const auto count : counts) {
      total += count;
      if (count == 0) continue;
      last = count;
      ++shades;
    }
    const auto step = (total - last) / 255;
    if (shades <= 1 || step == 0) return table_of([](int i) { return i; });
    auto below = step / 2;
    return table_of([&](int i) {
      const auto value = std::min<std::uint64_t>(below / step, 255);
      below += counts[static_cast<std::size_t>(i)];
      return value;
    });
  });
}

// ImageEnhance.Sharpness: away from the picture smoothed by SMOOTH, a weighted mean of 3 x 3 pixels.
inline void sharpness(Picture& picture, double factor) {
  const Picture source = picture;
  const float side = 1.0F / 13, centre = 5.0F / 13;
  for (int channel = 0; channel < picture.channels(); ++channel) {
    for (int y = 0; y < picture.height(); ++y) {
      const auto* const here = source.row(channel, y);
      auto* const to = picture.row(channel, y);
      for (int x = 0; x < picture.width(); ++x) {
        int smooth = here[x];  // at the border
        if (y > 0 && x > 0 && y + 1 < picture.height() && x + 1 < picture.width()) {
          const auto *above = source.row(channel, y - 1) + x, *below = source.row(channel, y + 1) + x;
          const auto* const at = here + x;
          float sum = 0.5F;
          sum += side * static_cast<float>(below[-1]) + side * static_cast<float>(below[0]) +
                 side * static_cast<float>(below[1]);
          sum +=
              side * static_cast<float>(at[-1]) + centre * static_cast<float>(at[0]) + side * static_cast<float>(at[1]);
          sum += side * static_cast<float>(above[-1]) + side * static_cast<float>(above[0]) +
                 side * static_cast<float>(above[1]);
          smooth = std::clamp(static_cast<int>(sum), 0, 255);
        }
        to[x] = colour::blended(smooth, here[x], static_cast<float>(factor));
      }
    }
  }
}

}  // namespace tone
