// What a dataset plugin says about itself, taken down and judged.
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
  std::vector<std::int64_t> shape;  // of one sample, -1 where it varies
  double pad_value = 0;             // representable in dtype

  bool variable() const;
};

struct DatasetDescription {
  struct PluginSplit {
    std::string name;
    std::uint64_t size = 0;  // at least 1
  };
  std::vector<PluginSplit> splits;  // in the plugin's numbering; "train" is among them
  std::vector<Field> fields;        // at least one; names differ, also from the lengths that the host adds
  Facts facts;
  bool independent = false;
};

// Calls describe(). Throws PluginError when that fails, std::runtime_error naming the plugin and what to change when
// its answer is contradictory.
DatasetDescription describe(const Plugin& plugin, const binade_dataset_table& table, void* self);

// "dataset plugin `id` 1.0.0 (file)": how messages name it.
std::string name_in_messages(const Plugin& plugin);

}  // namespace binade::host
