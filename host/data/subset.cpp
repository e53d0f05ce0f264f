// The first steps of a Fisher-Yates shuffle, which stores only the elements that have moved.
#include "host/data/subset.h"

#include <algorithm>
#include <unordered_map>

#include "binade/random.h"

namespace binade::host {
namespace {

// The random stream of this draw, different from those of the epochs' orders and of the held-back samples.
constexpr std::uint64_t subset_draw = ~std::uint64_t{1};

}  // namespace

Split subset(const Split& split, std::uint64_t count, std::uint64_t seed) {
  if (count >= split.size) return split;
  Random random(seed, subset_draw, ~std::uint64_t{0});
  std::unordered_map<std::uint64_t, std::uint64_t> moved;
  const auto standing_at = [&](std::uint64_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  auto part = split;
  part.size = count;
  part.first = 0;
  part.indices.clear();
  for (std::uint64_t place = 0; place < count; ++place) {
    const auto other = place + random.below(split.size - place);
    part.indices.push_back(split.index(standing_at(other)));
    moved[other] = standing_at(place);
  }
  std::sort(part.indices.begin(), part.indices.end());  // suits datasets that read files sequentially
  return part;
}

}  // namespace binade::host
