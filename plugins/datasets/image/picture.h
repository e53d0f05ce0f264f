// The pixels of one picture: 8 bits each, by channel, then by row, as models take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct Extent {
  int height = 0, width = 0;
  bool operator==(const Extent& other) const { return height == other.height && width == other.width; }
  bool operator!=(const Extent& other) const { return !(*this == other); }
  std::size_t pixels() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  // As image programs write it: the width first.
  std::string text() const { return std::to_string(width) + " x " + std::to_string(height); }
};

class Picture {
 public:
  Picture() = default;
  Picture(int channels, Extent extent)
      : channels_(channels), extent_(extent), pixels_(static_cast<std::size_t>(channels) * extent.pixels()) {}

  int channels() const { return channels_; }
  Extent extent() const { return extent_; }
  int height() const { return extent_.height; }
  int width() const { return extent_.width; }
  std::size_t plane_size() const { return extent_.pixels(); }
  std::size_t size() const { return pixels_.size(); }

  unsigned char* data() { return pixels_.data(); }
  const unsigned char* data() const { return pixels_.data(); }
  unsigned char* plane(int channel) { return data() + static_cast<std::size_t>(channel) * plane_size(); }
  const unsigned char* plane(int channel) const { return data() + static_cast<std::size_t>(channel) * plane_size(); }
  unsigned char* row(int channel, int y) { return plane(channel) + offset(y); }
  const unsigned char* row(int channel, int y) const { return plane(channel) + offset(y); }

  // Sets a row of an RGB picture from interleaved pixels.
  void set_row(int y, const unsigned char* rgb) {
    auto *red = row(0, y), *green = row(1, y), *blue = row(2, y);
    for (int x = 0; x < width(); ++x, rgb += 3) {
      red[x] = rgb[0];
      green[x] = rgb[1];
      blue[x] = rgb[2];
    }
  }

 private:
  std::size_t offset(int y) const { return static_cast<std::size_t>(y) * static_cast<std::size_t>(width()); }

  int channels_ = 0;
  Extent extent_;
  std::vector<unsigned char> pixels_;
};

// Why a file is not a usable picture, to be completed with the file's name.
struct BadPicture : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws BadPicture if there are more pixels than a picture has: a small damaged or hostile file can announce any
// number. The limit is the one at which PIL stops with DecompressionBombError.
inline void check_extent(std::uint64_t width, std::uint64_t height) {
  constexpr std::uint64_t most = 178'956'970;
  if (width == 0 || height == 0) throw BadPicture("its header announces a picture without pixels");
  if (width <= most && height <= most && width * height <= most) return;
  throw BadPicture("its header announces " + std::to_string(width) + " x " + std::to_string(height) +
                   " pixels; at most " + std::to_string(most) + " pixels are read: make the picture smaller");
}
