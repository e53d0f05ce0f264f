// Picture files with their labels, as a folder or a list names them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

struct PictureFile {
  std::string path;
  std::int64_t label;
  std::size_t row;  // in Listing::Split::columns
};

struct BadFile {
  std::string path, reason;
};

struct Listing {
  struct Split {
    std::string name;
    std::vector<PictureFile> files;
    std::map<std::string, std::vector<std::int64_t>, std::less<>> columns;  // of a list: a number for each value
  };
  std::vector<Split> splits;
  std::vector<std::string> classes;
  std::string listed_classes;
  std::vector<BadFile> bad;  // files that are no pictures or cannot be read
};

namespace picture_names {

// In lower case: ".jpg".
inline std::string extension(const std::filesystem::path& file) {
  std::string text = file.extension().string();
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}
template <std::size_t size>
bool has_extension(const std::filesystem::path& file, const std::array<const char*, size>& known) {
  const auto text = extension(file);
  for (const auto* const one : known) {
    if (text == one) return true;
  }
  return false;
}
inline bool can_be_read(const std::filesystem::path& file) {
  constexpr std::array known = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp"};
  return has_extension(file, known);
}
inline bool is_other_picture(const std::filesystem::path& file) {
  constexpr std::array known = {".bmp",  ".gif",  ".tif",  ".tiff", ".ppm", ".pgm", ".pbm",
                                ".avif", ".heic", ".heif", ".jp2",  ".jxl", ".svg", ".tga"};
  return has_extension(file, known);
}

}  // namespace picture_names
