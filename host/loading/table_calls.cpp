#include "host/loading/table_calls.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "binade/abi/dataset.h"
#include "binade/abi/logger.h"
#include "binade/abi/model.h"
#include "binade/abi/precision.h"

namespace binade::host {
namespace {

struct Call {
  const char* name;
  std::size_t offset;
};

std::vector<Call> needed(PluginKind kind) {
  using Dataset = binade_dataset_table;
  using Model = binade_model_table;
  switch (kind) {
    case PluginKind::dataset:
      return {{"create", offsetof(Dataset, create)},
              {"destroy", offsetof(Dataset, destroy)},
              {"describe", offsetof(Dataset, describe)},
              {"read", offsetof(Dataset, read)}};
    case PluginKind::precision:
      return {{"create", offsetof(binade_precision_table, create)},
              {"destroy", offsetof(binade_precision_table, destroy)},
              {"policy", offsetof(binade_precision_table, policy)}};
    case PluginKind::logger:
      return {{"create", offsetof(binade_logger_table, create)},
              {"destroy", offsetof(binade_logger_table, destroy)},
              {"write", offsetof(binade_logger_table, write)}};
    case PluginKind::model:
      return {{"create", offsetof(Model, create)},   {"destroy", offsetof(Model, destroy)},
              {"forward", offsetof(Model, forward)}, {"parameters", offsetof(Model, parameters)},
              {"buffers", offsetof(Model, buffers)}, {"train", offsetof(Model, train)},
              {"to", offsetof(Model, to)},           {"vocabulary", offsetof(Model, vocabulary)}};
  }
  return {};
}

}  // namespace

const char* missing_call(PluginKind kind, const void* table) {
  std::uint32_t size = 0;
  std::memcpy(&size, table, sizeof(size));
  for (const auto& [name, offset] : needed(kind)) {
    void* call = nullptr;
    if (size >= offset + sizeof(call)) std::memcpy(&call, static_cast<const char*>(table) + offset, sizeof(call));
    if (call == nullptr) return name;
  }
  return nullptr;
}

}  // namespace binade::host
