// Where windows of a fixed length begin in a run of tokens.
#pragma once

#include <cmath>
#include <cstdint>

struct Windows {
  std::uint64_t first = 0;  // where the first one begins
  std::uint64_t stride = 1;
  std::uint64_t count = 0;

  std::uint64_t start(std::uint64_t index) const { return first + index * stride; }
};

// All windows of `length` that lie within [begin, end).
inline Windows windows_within(std::uint64_t begin, std::uint64_t end, std::uint64_t length, std::uint64_t stride) {
  return {begin, stride, end - begin < length ? 0 : (end - begin - length) / stride + 1};
}

// How many tokens to hold back from the end of `size`: about `share` of them, and a whole number of windows. A window
// of `length` predicts length - 1 tokens, all but its first; so windows that begin on the last token before the part
// that is held back, and then every length - 1 tokens, predict each token of it exactly once.
inline std::uint64_t held_back(std::uint64_t size, double share, std::uint64_t length) {
  const auto wanted = static_cast<std::uint64_t>(std::llround(static_cast<double>(size) * share));
  return wanted / (length - 1) * (length - 1);
}
