// Affine transforms of pictures with nearest-neighbour sampling and black outside, bit for bit as PIL's
// Image.transform(size, AFFINE, matrix, NEAREST), which torchvision uses.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "picture.h"

// Result pixel (x, y) comes from (a x + b y + c, d x + e y + f) of the source, measured at pixel centres.
using AffineMatrix = std::array<double, 6>;

namespace affine {

// Upright: columns and rows are looked up independently, with PIL's accumulation in double precision.
inline std::vector<int> steps(double start, double step, int count) {
  std::vector<int> places;
  double at = start + step * 0.5;
  for (int i = 0; i < count; ++i, at += step) places.push_back(at < 0 ? -1 : static_cast<int>(at));
  return places;
}
inline void scaled(const Picture& from, const AffineMatrix& m, Picture& to) {
  const auto columns = steps(m[2], m[0], to.width()), rows = steps(m[5], m[4], to.height());
  for (int channel = 0; channel < to.channels(); ++channel) {
    for (int y = 0; y < to.height(); ++y) {
      const int row = rows[static_cast<std::size_t>(y)];
      if (row < 0 || row >= from.height()) continue;
      for (int x = 0; x < to.width(); ++x) {
        const int column = columns[static_cast<std::size_t>(x)];
        if (column >= 0 && column < from.width()) to.row(channel, y)[x] = from.row(channel, row)[column];
      }
    }
  }
}

// Otherwise: in fixed point with 16 bits after the point.
inline std::int64_t fixed(double value) { return static_cast<std::int64_t>(std::floor(value * 65536.0 + 0.5)); }
inline void turned(const Picture& from, const AffineMatrix& m, Picture& to) {
  const auto right_x = fixed(m[0]), down_x = fixed(m[1]), right_y = fixed(m[3]), down_y = fixed(m[4]);
  for (int channel = 0; channel < to.channels(); ++channel) {
    auto row_x = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), row_y = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
    for (int y = 0; y < to.height(); ++y, row_x += down_x, row_y += down_y) {
      auto at_x = row_x, at_y = row_y;
      for (int x = 0; x < to.width(); ++x, at_x += right_x, at_y += right_y) {
        const auto column = at_x >> 16, row = at_y >> 16;
        if (column < 0 || column >= from.width() || row < 0 || row >= from.height()) continue;
        to.row(channel, y)[x] = from.row(channel, static_cast<int>(row))[column];
      }
    }
  }
}

}  // namespace affine

inline Picture transformed(const Picture& picture, const AffineMatrix& matrix) {
  Picture result(picture.channels(), picture.extent());
  if (matrix[1] == 0 && matrix[3] == 0) {
    affine::scaled(picture, matrix, result);
  } else {
    affine::turned(picture, matrix, result);
  }
  return result;
}

// Rotates counter-clockwise around the centre, as Image.rotate(degrees).
inline Picture rotated(const Picture& picture, double degrees) {
  const auto rounded = [](double value) { return std::round(value * 1e15) / 1e15; };
  constexpr double pi = 3.14159265358979323846;
  const double angle = -std::fmod(std::fmod(degrees, 360.0) + 360.0, 360.0) * pi / 180;
  const double cosine = rounded(std::cos(angle)), sine = rounded(std::sin(angle));
  const double x = picture.width() / 2.0, y = picture.height() / 2.0;
  return transformed(picture, {cosine, sine, cosine * -x + sine * -y + x,  //
                               -sine, cosine, -sine * -x + cosine * -y + y});
}
