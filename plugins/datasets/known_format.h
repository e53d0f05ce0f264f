// Recognizes files in an unexpected format by their first bytes: a NumPy array named .bin, a compressed download, an
// HTML error page.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct KnownFormat {
  std::string_view begins;
  std::size_t at;      // offset of `begins`
  const char* name;    // "this is ..."
  const char* unpack;  // the command that extracts the contents, or nullptr
};

namespace known_format {

using std::string_view_literals::operator""sv;

// How many bytes of a file find() examines.
constexpr std::size_t head_size = 512;

constexpr KnownFormat binary[] = {
    {"\x1F\x8B\x08"sv, 0, "compressed (gzip)", "gunzip"},
    {"1AY&SY"sv, 4, "compressed (bzip2)", "bunzip2"},
    {"\xFD"
     "7zXZ\0"sv,
     0, "compressed (xz)", "unxz"},
    {"\x28\xB5\x2F\xFD"sv, 0, "compressed (zstd)", "unzstd"},
    {"\x04\x22\x4D\x18"sv, 0, "compressed (lz4)", "unlz4"},
    {"7z\xBC\xAF\x27\x1C"sv, 0, "a 7-Zip archive", "7z x"},
    {"PK\x03\x04"sv, 0, "a zip archive, as .npz, .xlsx and .pt are", "unzip"},
    {"ustar"sv, 257, "a tar archive", "tar -xf"},
    {"\x93NUMPY"sv, 0, "a NumPy array (.npy)", nullptr},
    {"PAR1"sv, 0, "a Parquet file", nullptr},
    {"ARROW1\0"sv, 0, "an Arrow file", nullptr},
    {"FEA1"sv, 0, "a Feather file", nullptr},
    {"\x89HDF\r\n\x1A\n"sv, 0, "an HDF5 file", nullptr},
    {"SQLite format 3\0"sv, 0, "an SQLite database", nullptr},
    {"\x80\x02}"sv, 0, "a Python pickle", nullptr},
    {"\x80\x02\x8A\x0A"sv, 0, "a PyTorch file (a pickle)", nullptr},
    {"\x80\x03}"sv, 0, "a Python pickle", nullptr},
    {"\x80\x04\x95"sv, 0, "a Python pickle", nullptr},
    {"\x80\x05\x95"sv, 0, "a Python pickle", nullptr},
    {"GGUF"sv, 0, "a GGUF file (weights)", nullptr},
    {"\x7F"
     "ELF"sv,
     0, "a program or library (ELF)", nullptr},
    {"\x89PNG\r\n\x1A\n"sv, 0, "a PNG image", nullptr},
    {"\xFF\xD8\xFF"sv, 0, "a JPEG image", nullptr},
    {"GIF8"sv, 0, "a GIF image", nullptr},
    {"II*\0"sv, 0, "a TIFF image", nullptr},
    {"MM\0*"sv, 0, "a TIFF image", nullptr},
    {"%PDF-"sv, 0, "a PDF document", nullptr},
};
constexpr KnownFormat safetensors = {{}, 0, "a safetensors file (weights)", nullptr};
constexpr KnownFormat pointer = {"version https://git-lfs.github.com/spec/"sv, 0,
                                 "a Git LFS pointer, not the file itself", "git lfs pull --include"};
constexpr KnownFormat page = {{}, 0, "a web page (HTML)", nullptr};

// Text may begin with the letters of a magic number, so look at the following bytes, too.
inline bool is_text(std::string_view head) {
  return std::none_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x09 || byte >= 0x80;
  });
}

// A little-endian length, followed by that many bytes of JSON.
inline bool is_safetensors(std::string_view head, std::uint64_t size) {
  if (head.size() < 10 || head.substr(8, 2) != "{\"") return false;
  std::uint64_t length = 0;
  for (std::size_t byte = 8; byte-- > 0;) length = length << 8u | static_cast<unsigned char>(head[byte]);
  return length <= size - 8;
}

inline bool is_page(std::string_view head) {
  std::string begin(head.substr(0, 15));
  std::transform(begin.begin(), begin.end(), begin.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return begin == "<!doctype html>" || begin.compare(0, 5, "<html") == 0;
}

// Returns the format of a file that begins with `head` and has `size` bytes, or nullptr if it is not one of these.
// `pages`: also report web pages.
inline const KnownFormat* find(std::string_view head, std::uint64_t size, bool pages = true) {
  head = head.substr(0, head_size);
  if (head.compare(0, pointer.begins.size(), pointer.begins) == 0) return &pointer;
  if (is_text(head)) return pages && is_page(head) ? &page : nullptr;
  for (const auto& format : binary) {
    if (head.size() > format.at && head.compare(format.at, format.begins.size(), format.begins) == 0) return &format;
  }
  return is_safetensors(head, size) ? &safetensors : nullptr;
}

// Returns an error message if the file `name` is in one of these formats: "this is a NumPy array (.npy); EXPECTED", or
// with the command that unpacks it. Otherwise empty.
inline std::string complaint(const std::string& name, std::string_view head, std::uint64_t size,
                             const std::string& expected) {
  const auto* const format = find(head, size);
  if (format == nullptr) return {};
  const auto is = std::string("this is ") + format->name;
  return format->unpack == nullptr ? is + "; " + expected : is + ": run `" + format->unpack + " " + name + "` first";
}

}  // namespace known_format
