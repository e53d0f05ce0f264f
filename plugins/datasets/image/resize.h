// Resizes pictures with PIL's antialiased bilinear filter, bit for bit: Image.resize(size, BILINEAR). (Pillow 13 may
// resize columns before rows, which changes some values by 1 level.)
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "picture.h"

// A rectangle of a picture.
struct Box {
  int top, left;
  Extent extent;
};
inline Box whole(const Picture& picture) { return {0, 0, picture.extent()}; }

inline Picture cropped(const Picture& picture, const Box& box) {
  Picture part(picture.channels(), box.extent);
  for (int channel = 0; channel < picture.channels(); ++channel) {
    for (int y = 0; y < box.extent.height; ++y) {
      std::copy_n(picture.row(channel, box.top + y) + box.left, box.extent.width, part.row(channel, y));
    }
  }
  return part;
}

namespace resizing {

constexpr int precision = 22;  // bits after the point
constexpr double half = 0.5;   // added before PIL truncates
inline unsigned char rounded(int sum) { return static_cast<unsigned char>(std::clamp(sum >> precision, 0, 255)); }

// For each pixel of the result, the pixels of the source that contribute, and their weights in fixed point.
struct Taps {
  struct Range {
    int first, count;
    const int* weights;
  };
  int width;  // weights per pixel, some of them unused
  std::vector<int> first, count, weights;

  Taps(int from, int to) {
    const double scale = static_cast<double>(from) / to, filter = std::max(scale, 1.0);
    width = static_cast<int>(std::ceil(filter)) * 2 + 1;
    weights.resize(static_cast<std::size_t>(to) * static_cast<std::size_t>(width));
    std::vector<double> exact(static_cast<std::size_t>(width));
    for (int pixel = 0; pixel < to; ++pixel) {
      const double center = (pixel + 0.5) * scale;
      const int begin = std::max(0, static_cast<int>(center - filter + half));
      const int size = std::min(from, static_cast<int>(center + filter + half)) - begin;
      double total = 0;
      for (int i = 0; i < size; ++i) {
        const double distance = std::abs((i + begin - center + 0.5) * (1.0 / filter));
        total += exact[static_cast<std::size_t>(i)] = distance < 1 ? 1 - distance : 0;
      }
      for (int i = 0; i < size; ++i) {
        const double weight = exact[static_cast<std::size_t>(i)] / total * (1 << precision);
        weights[static_cast<std::size_t>(pixel) * static_cast<std::size_t>(width) + static_cast<std::size_t>(i)] =
            static_cast<int>(weight + half);
      }
      first.push_back(begin);
      count.push_back(size);
    }
  }
  Range operator[](int pixel) const {
    const auto at = static_cast<std::size_t>(pixel);
    return {first[at], count[at], weights.data() + at * static_cast<std::size_t>(width)};
  }
};

// Four rows at a time, so that a weight is used four times once it is loaded. The last rows of a picture may be the
// same one.
constexpr int rows_at_once = 4;
inline void resize_rows(const unsigned char* const (&from)[rows_at_once], const Taps& taps, int width,
                        unsigned char* const (&to)[rows_at_once]) {
  for (int x = 0; x < width; ++x) {
    const auto [first, count, weights] = taps[x];
    const auto *a = from[0] + first, *b = from[1] + first, *c = from[2] + first, *d = from[3] + first;
    constexpr int begin = 1 << (precision - 1);
    int sum_a = begin, sum_b = begin, sum_c = begin, sum_d = begin;
    for (int i = 0; i < count; ++i) {
      const int weight = weights[i];
      sum_a += a[i] * weight;
      sum_b += b[i] * weight;
      sum_c += c[i] * weight;
      sum_d += d[i] * weight;
    }
    to[0][x] = rounded(sum_a);
    to[1][x] = rounded(sum_b);
    to[2][x] = rounded(sum_c);
    to[3][x] = rounded(sum_d);
  }
}

// The columns of a part of a picture.
inline Picture resized_columns(const Picture& picture, const Box& box, int width) {
  Picture wide(picture.channels(), {box.extent.height, width});
  const Taps taps(box.extent.width, width);
  for (int channel = 0; channel < picture.channels(); ++channel) {
    for (int y = 0; y < box.extent.height; y += rows_at_once) {
      const unsigned char* from[rows_at_once];
      unsigned char* to[rows_at_once];
      for (int i = 0; i < rows_at_once; ++i) {
        const int row = std::min(y + i, box.extent.height - 1);
        from[i] = picture.row(channel, box.top + row) + box.left;
        to[i] = wide.row(channel, row);
      }
      resize_rows(from, taps, width, to);
    }
  }
  return wide;
}

inline void resize_column(const Picture& from, int channel, const Taps::Range& taps, std::vector<int>& sums,
                          unsigned char* to) {
  std::fill(sums.begin(), sums.end(), 1 << (precision - 1));
  for (int i = 0; i < taps.count; ++i) {
    const auto* const row = from.row(channel, taps.first + i);
    const int weight = taps.weights[i];
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += row[x] * weight;
  }
  for (std::size_t x = 0; x < sums.size(); ++x) to[x] = rounded(sums[x]);
}

}  // namespace resizing

// Resizes a part of a picture; pixels outside the part do not contribute, as after a crop.
inline Picture resized(const Picture& picture, const Box& box, Extent extent) {
  Picture wide =
      box.extent.width == extent.width ? cropped(picture, box) : resizing::resized_columns(picture, box, extent.width);
  if (box.extent.height == extent.height) return wide;
  Picture result(picture.channels(), extent);
  const resizing::Taps taps(box.extent.height, extent.height);
  std::vector<int> sums(static_cast<std::size_t>(extent.width));
  for (int channel = 0; channel < picture.channels(); ++channel) {
    for (int y = 0; y < extent.height; ++y) {
      resizing::resize_column(wide, channel, taps[y], sums, result.row(channel, y));
    }
  }
  return result;
}
