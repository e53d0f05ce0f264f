// The start positions of fixed-length windows in a sequence of tokens.
#pragma once

#include <cmath>
#include <cstdint>

struct Windows {
  std::uint64_t first = 0;  // start of the first window
  std::uint64_t stride = 1;
  std::uint64_t count = 0;

  std::uint64_t start(std::uint64_t index) const { return first + index * stride; }
};

// All windows of `length` that lie within [begin, end).
inline Windows windows_within(std::uint64_t begin, std::uint64_t end, std::uint64_t length, std::uint64_t stride) {
  return {begin, stride, end - begin < length ? 0 : (end - begin - length) / stride + 1};
}

// Returns how many of `size` tokens to hold back at the end: about `share` of them, in whole windows. A window of
// `length` tokens predicts all but its first. Windows that start at the last token before the held-back part, and then
// every length - 1 tokens, therefore predict each held-back token exactly once.
inline std::uint64_t held_back(std::uint64_t size, double share, std::uint64_t length) {
  const auto wanted = static_cast<std::uint64_t>(std::llround(static_cast<double>(size) * share));
  return wanted / (length - 1) * (length - 1);
}
