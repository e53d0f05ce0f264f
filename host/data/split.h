// The parts of a dataset: which samples a run trains on, and which ones it holds back.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/data/description.h"
#include "host/experiment/settings.h"

namespace binade::host {

// Samples of one plugin split that are used for one purpose: the range [first, first + size), or `indices`.
struct Split {
  std::string name;                    // "train", "validation", "test", or another name of the plugin
  std::uint32_t plugin_split = 0;      // the plugin's number
  std::uint64_t size = 0;              // samples
  std::uint64_t first = 0;             // used if `indices` is empty
  std::vector<std::uint64_t> indices;  // ascending; empty for a range

  std::uint64_t index(std::uint64_t position) const { return indices.empty() ? first + position : indices[position]; }
};

// Returns one number per sample of the plugin's split "train", equal for samples with the same value in `column` (""
// is the target).
using SampleKeys = std::function<std::vector<std::int64_t>(const std::string& column)>;

// Returns all parts: the plugin's splits, with its "train" divided as [split] says. Without [split], the last fifth of
// "train" becomes "validation", unless the plugin has one; it is a random fifth if samples are independent. The same
// arguments always give the same parts. Throws std::runtime_error if the settings do not fit the dataset or leave a
// part empty. `keys` is called for `stratify` and `group_by` only.
std::vector<Split> divide(const DatasetDescription& description, const SplitSettings& settings, std::uint64_t seed,
                          const SampleKeys& keys);

}  // namespace binade::host
