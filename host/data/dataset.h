// A dataset plugin as the host uses it: described, split, and read in batches.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binade/abi/dataset.h"
#include "host/experiment/experiment.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct Field {
  std::string name;
  std::uint32_t dtype = 0;          // BINADE_UINT8 ...
  std::vector<std::int64_t> shape;  // of one sample, -1 where it varies
  double pad_value = 0;

  bool variable() const;
};

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
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  const Plugin& plugin() const { return plugin_; }
  const std::vector<Field>& fields() const { return fields_; }
  const Facts& facts() const { return facts_; }

  // The split of that name, or for "validation" the last fifth of "train" when the plugin names none ("train" is then
  // the rest): contiguous, or a random fifth drawn from `seed` where samples are independent.
  // Throws std::runtime_error when train would be left without samples.
  Split split(const std::string& name, std::uint64_t seed) const;

  // Shapes of the variable fields of each sample, [indices.size()] x concatenated shapes. Thread-safe.
  void measure(const Split& split, std::span<const std::uint64_t> indices, std::span<std::int64_t> shapes) const;
  // Fills the buffers, one per field. Thread-safe. Throws PluginError.
  void read(const binade_read& request) const;

 private:
  Plugin plugin_;
  binade_dataset_table table_;
  void* self_ = nullptr;
  std::vector<Field> fields_;
  struct NamedSize {
    std::string name;
    std::uint64_t size;
  };
  std::vector<NamedSize> splits_;
  Facts facts_;
  bool independent_ = false;
};

}  // namespace binade::host
