// Reads the pictures that tests/plugins/pictures/make.py wrote: any number of PGM and PPM pictures in one file, each
// named by its comment.
#pragma once

#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include "plugins/datasets/image/picture.h"
#include "plugins/datasets/read_file.h"

namespace binade::host {

inline std::map<std::string, Picture> read_netpbm(const std::filesystem::path& path) {
  std::map<std::string, Picture> found;
  std::istringstream stream(read_file(path));
  std::string magic, name;
  while (std::getline(stream, magic)) {
    std::getline(stream, name);
    int width = 0, height = 0, most = 0;
    stream >> width >> height >> most;
    stream.get();
    const int channels = magic == "P6" ? 3 : 1;
    Picture picture(channels, {height, width});
    std::string pixels(picture.size(), '\0');
    if (!stream.read(pixels.data(), static_cast<std::streamsize>(pixels.size()))) {
      throw std::runtime_error(path.string() + " is truncated");
    }
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const auto pixel = i / static_cast<std::size_t>(channels), channel = i % static_cast<std::size_t>(channels);
      picture.plane(static_cast<int>(channel))[pixel] = static_cast<unsigned char>(pixels[i]);
    }
    found[name.substr(2)] = std::move(picture);
  }
  return found;
}

// The largest difference of two pixels. 256 for pictures of different shapes.
inline int difference(const Picture& one, const Picture& other) {
  if (one.channels() != other.channels() || one.extent() != other.extent()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < one.size(); ++i) most = std::max(most, std::abs(one.data()[i] - other.data()[i]));
  return most;
}

inline std::filesystem::path pictures() { return BINADE_PICTURES; }

}  // namespace binade::host
