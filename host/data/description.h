// A dataset plugin's description, recorded and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "binade/abi/dataset.h"
#include "host/experiment/experiment.h"
#include "host/experiment/wiring.h"
#include "host/loading/plugin.h"

namespace binade::host {

struct Field {
  std::string name;
  std::uint32_t dtype = 0;          // BINADE_UINT8 ...
  std::vector<std::int64_t> shape;  // of one sample; -1 for variable extents
  double pad_value = 0;             // representable in dtype

  bool variable() const;
};

struct DatasetDescription {
  struct PluginSplit {
    std::string name;
    std::uint64_t size = 0;  // at least 1
    bool operator==(const PluginSplit&) const = default;
  };
  std::vector<PluginSplit> splits;  // in the plugin's numbering; includes "train"
  std::vector<Field> fields;        // at least one; with unique names that also differ from the added lengths
  Facts facts;
  bool independent = false;
};

// Calls describe(). Throws PluginError if it fails, or std::runtime_error that names the plugin and what to change if
// the description is invalid. Before fit(), only the splits are checked (`fitted` is false).
DatasetDescription describe(const Plugin& plugin, const binade_dataset_table& table, void* self, bool fitted);

// The plugin's name in messages: "dataset plugin `id` 1.0.0 (file)".
std::string name_in_messages(const Plugin& plugin);

}  // namespace binade::host
