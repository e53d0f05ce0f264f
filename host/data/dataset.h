// A dataset plugin as the host uses it: described, split, and read in batches.
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

// Samples of one plugin split that are used for one purpose: a part [first, first + count) of it, or for datasets with
// independent samples a seeded random part of it.
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
  // Creates the plugin's dataset and asks it to describe itself. Throws PluginError with the plugin's message, or
  // std::runtime_error when the description is contradictory (no "train", an empty split, a field twice, ...).
  Dataset(Plugin plugin, const OptionTable& options);
  ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const Plugin& plugin() const { return plugin_; }
  const std::vector<Field>& fields() const { return description_.fields; }
  const Facts& facts() const { return description_.facts; }

  // The split of that name, or for "validation" the last fifth of "train" when the plugin names none ("train" is then
  // the rest): contiguous, or a random fifth drawn from `seed` where samples are independent.
  // Throws std::runtime_error when train would be left without samples, or when there is no split of that name.
  Split split(const std::string& name, std::uint64_t seed) const;

  // Number of extents that measure() gives per sample: those of all variable fields, in field order.
  std::size_t extents_per_sample() const { return extents_per_sample_; }
  // Shapes of the variable fields of each sample, [indices.size()] x extents_per_sample(). Thread-safe. Throws
  // PluginError, also when an extent is negative, or is not what the field's description says.
  void measure(const Split& split, std::span<const std::uint64_t> indices, std::span<std::int64_t> shapes) const;
  // Fills the buffers, one per field. Thread-safe. Throws PluginError.
  void read(const binade_read& request) const;

 private:
  const DatasetDescription::PluginSplit* find(const std::string& name) const;

  Plugin plugin_;  // before self_: its code outlives the object
  binade_dataset_table table_;
  std::shared_ptr<void> self_;  // calls destroy(), also for an object that the plugin represents by NULL
  DatasetDescription description_;
  std::size_t extents_per_sample_ = 0;
};

}  // namespace binade::host
