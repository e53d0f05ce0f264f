#include "host/experiment/diagnostics/nearest.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace binade::host {
namespace {

std::string folded(const std::string& name) {
  std::string out = name;
  for (char& c : out) {
    if (c == '-') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Insertions, deletions, replacements and swaps of neighbours.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  std::iota(previous.begin(), previous.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

bool one_begins_the_other(const std::string& a, const std::string& b) {
  constexpr std::size_t meaningful = 3;
  const auto shorter = std::min(a.size(), b.size());
  return shorter >= meaningful && a.compare(0, shorter, b, 0, shorter) == 0;
}

}  // namespace

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 256;  // a longer name is not a typing mistake
  const auto wanted = folded(name);
  if (wanted.empty() || wanted.size() > longest) return {};
  std::string best, begun;
  std::tuple<std::size_t, bool> best_rank{};
  for (const auto& candidate : candidates) {
    const auto other = folded(candidate);
    const auto longer = std::max(wanted.size(), other.size());
    const auto d = distance(wanted, other);
    const bool begins = one_begins_the_other(wanted, other);
    const auto allowed = longer == 2 ? 1 : longer / 3;  // one of two letters may be wrong
    const std::tuple rank{d, !begins};
    if (d <= allowed && (best.empty() || rank < best_rank)) {
      best = candidate;
      best_rank = rank;
    }
    if (begins && begun.empty()) begun = candidate;
  }
  return best.empty() ? begun : best;
}

}  // namespace binade::host
