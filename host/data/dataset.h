// A dataset plugin, with its description and splits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binade/abi/dataset.h"
#include "host/data/description.h"
#include "host/experiment/experiment.h"
#include "host/experiment/wiring.h"
#include "host/loading/plugin.h"

namespace binade::host {

// The samples of one plugin split that are used for one purpose: the range [first, first + size), or, for datasets with
// independent samples, a seeded random part.
struct Split {
  std::string name;                    // "train", "validation", "test"
  std::uint32_t plugin_split = 0;      // the plugin's number
  std::uint64_t size = 0;              // samples
  std::uint64_t first = 0;             // used when `indices` is empty
  std::vector<std::uint64_t> indices;  // a random part; empty for a contiguous one

  std::uint64_t index(std::uint64_t position) const { return indices.empty() ? first + position : indices[position]; }
};

class Dataset {
 public:
  // Creates the plugin's dataset and gets its description. Throws PluginError with the plugin's message, or
  // std::runtime_error if the description is invalid (no "train", an empty split, a duplicate field, ...).
  Dataset(Plugin plugin, const OptionTable& options);
  ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const Plugin& plugin() const { return plugin_; }
  const std::vector<Field>& fields() const { return description_.fields; }
  const Facts& facts() const { return description_.facts; }

  // Returns the split with that name. If the plugin has no "validation", that is the last fifth of "train" (or, if
  // samples are independent, a random fifth drawn from `seed`), and "train" is the rest. Throws std::runtime_error if
  // "train" would be empty, or if there is no such split.
  Split split(const std::string& name, std::uint64_t seed) const;

  // The number of extents that measure() returns per sample: those of all variable fields, in field order.
  std::size_t extents_per_sample() const { return extents_per_sample_; }
  // Writes the shapes of the variable fields of each sample, [indices.size()] x extents_per_sample(). Thread-safe.
  // Throws PluginError, also if an extent is negative or contradicts the field's description.
  void measure(const Split& split, std::span<const std::uint64_t> indices, std::span<std::int64_t> shapes) const;
  // Fills the buffers, one per field. Thread-safe. Throws PluginError.
  void read(const binade_read& request) const;

 private:
  const DatasetDescription::PluginSplit* find(const std::string& name) const;

  Plugin plugin_;  // before self_: its code must outlive the object
  binade_dataset_table table_;
  std::shared_ptr<void> self_;  // calls destroy(), even if the plugin's object is NULL
  DatasetDescription description_;
  std::size_t extents_per_sample_ = 0;
};

}  // namespace binade::host
