// The orientation that cameras record in EXIF, and how to undo it.
#pragma once

#include <cstdint>
#include <string_view>

#include "picture.h"

namespace exif {

// Reads numbers of either byte order within bounds; outside they are 0.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), big_(bytes.substr(0, 4) == std::string_view("MM\0*", 4)) {}
  bool valid() const { return big_ || bytes_.substr(0, 4) == std::string_view("II*\0", 4); }
  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8u | static_cast<unsigned char>(bytes_[big_ ? at + i : at + size - 1 - i]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_;
};

// Returns the orientation, 1 to 8, from EXIF data. 1, upright, if there is none.
inline int orientation(std::string_view bytes) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  if (bytes.substr(0, prefix.size()) == prefix) bytes.remove_prefix(prefix.size());
  const Tiff tiff(bytes);
  if (!tiff.valid()) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const auto entries = tiff.number(directory, 2);
  for (std::size_t entry = 0; entry < entries; ++entry) {
    const auto at = directory + 2 + 12 * entry;
    constexpr std::uint32_t tag = 0x0112, short_type = 3;
    if (tiff.number(at, 2) != tag) continue;
    const auto value = tiff.number(at + 2, 2) == short_type ? tiff.number(at + 8, 2) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

inline bool swaps_sides(int orientation) { return orientation >= 5; }

// Returns the picture upright, as PIL.ImageOps.exif_transpose does.
inline Picture upright(Picture picture, int orientation) {
  if (orientation == 1) return picture;
  const int height = picture.height(), width = picture.width();
  Picture turned(picture.channels(), swaps_sides(orientation) ? Extent{width, height} : Extent{height, width});
  const bool swaps = swaps_sides(orientation);
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  for (int channel = 0; channel < picture.channels(); ++channel) {
    for (int y = 0; y < turned.height(); ++y) {
      auto* const to = turned.row(channel, y);
      for (int x = 0; x < turned.width(); ++x) {
        const int down = swaps ? x : y, right = swaps ? y : x;
        to[x] = picture.row(channel, from_bottom ? height - 1 - down : down)[from_right ? width - 1 - right : right];
      }
    }
  }
  return turned;
}

}  // namespace exif
