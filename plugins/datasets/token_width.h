// Detects numbers of another width or byte order in a file of 16-bit little-endian tokens. A model would train on them
// without an error, but on noise.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

// The largest byte at each of 8 positions, over a short file or over evenly spaced parts of a long one.
class BytePlaces {
 public:
  BytePlaces(const unsigned char* bytes, std::uint64_t size) : words_(size / 8) {
    constexpr std::uint64_t parts = 64, part = 2048;  // words
    if (words_ <= parts * part) add(bytes, words_);
    for (std::uint64_t i = 0; words_ > parts * part && i < parts; ++i)
      add(bytes + 8 * ((words_ - part) / (parts - 1) * i), part);
  }

  // Returns what the numbers seem to be. Empty if they look like 16-bit tokens or are too few to tell.
  std::string verdict() const {
    constexpr std::uint64_t few = 8, many = 256;  // words, of four 16-bit numbers each
    if (words_ < few) return {};
    if (all_zero(2, 3, 6, 7)) {
      if (all_zero(4, 5) && !all_zero(0, 1)) return "64-bit numbers: three of four 16-bit numbers are 0";
      if (!all_zero(0, 1)) return "32-bit numbers: every second 16-bit number is 0";
    }
    if (all_zero(0, 1, 4, 5) && !all_zero(2, 3)) {
      return "32-bit numbers, most significant byte first: every second 16-bit number is 0";
    }
    // A vocabulary of more than 65536: the upper halves are small, the lower ones arbitrary.
    if (all_zero(3, 7) && largest(2, 6) < 16 && largest(1, 5) >= 128) {
      return "32-bit numbers above 65535: every second 16-bit number is below 16";
    }
    const auto low = std::max(largest(0, 2), largest(4, 6)), high = std::max(largest(1, 3), largest(5, 7));
    if (low == 0 && high > 0) return "16-bit numbers, most significant byte first: each one is a multiple of 256";
    if (words_ >= many && high >= 128 && low + 32 < high) {
      return "16-bit numbers, most significant byte first: the first byte of each pair is the smaller one";
    }
    if (words_ >= many && low < 128 && high > 16 && high < low + 8 && low < high + 8) {
      return "8-bit numbers or text: no byte is above " + std::to_string(std::max(low, high));
    }
    return {};
  }

 private:
  void add(const unsigned char* bytes, std::uint64_t words) {
    for (const auto* const end = bytes + 8 * words; bytes != end; bytes += 8) {
      for (std::size_t place = 0; place < 8; ++place) places_[place] = std::max(places_[place], bytes[place]);
    }
  }
  template <class... Places>
  bool all_zero(Places... places) const {
    return ((places_[static_cast<std::size_t>(places)] == 0) && ...);
  }
  int largest(std::size_t one, std::size_t other) const { return std::max(places_[one], places_[other]); }

  std::uint64_t words_;
  std::array<unsigned char, 8> places_{};
};
