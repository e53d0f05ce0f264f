// A dataset plugin, with its description and splits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binade/abi/dataset.h"
#include "host/data/description.h"
#include "host/data/split.h"
#include "host/experiment/experiment.h"
#include "host/experiment/wiring.h"
#include "host/loading/plugin.h"

namespace binade::host {

class Dataset {
 public:
  // Creates the plugin's dataset, divides its samples and lets it fit the training samples. Throws PluginError with the
  // plugin's message, or std::runtime_error if the description is invalid (no "train", an empty split, a duplicate
  // field, ...) or does not fit `settings`. `seed` is that of the experiment.
  Dataset(Plugin plugin, const OptionTable& options, const SplitSettings& settings = {}, std::uint64_t seed = 0);
  ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const Plugin& plugin() const { return plugin_; }
  const std::vector<Field>& fields() const { return description_.fields; }
  const Facts& facts() const { return description_.facts; }

  // All parts of the dataset: "train" and "validation" always, others if the plugin or [split] names them.
  const std::vector<Split>& splits() const { return splits_; }
  // Throws std::runtime_error if there is no such part.
  const Split& split(const std::string& name) const;

  // The number of extents that measure() returns per sample: those of all variable fields, in field order.
  std::size_t extents_per_sample() const { return extents_per_sample_; }
  // Writes the shapes of the variable fields of each sample, [indices.size()] x extents_per_sample(). Thread-safe.
  // Throws PluginError, also if an extent is negative or contradicts the field's description.
  void measure(const Split& split, std::span<const std::uint64_t> indices, std::span<std::int64_t> shapes) const;
  // Fills the buffers, one per field. Thread-safe. Throws PluginError.
  void read(const binade_read& request) const;

 private:
  std::vector<std::int64_t> keys(const std::string& column) const;
  void fit();

  Plugin plugin_;  // before self_: its code must outlive the object
  binade_dataset_table table_;
  std::shared_ptr<void> self_;  // calls destroy(), even if the plugin's object is NULL
  DatasetDescription description_;
  std::vector<Split> splits_;
  std::size_t extents_per_sample_ = 0;
};

}  // namespace binade::host
