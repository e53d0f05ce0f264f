// An experiment file and all that it includes, as one tree.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "host/experiment/toml/document.h"

namespace binade::host {

struct ExperimentTree {
  Node root;                                 // without `include`; every value has its original location
  std::vector<std::filesystem::path> files;  // absolute, each once: the file itself, then the others in reading order
};

// Reads `file` and the files of its `include = ["base.toml", ...]`, whose paths are relative to the including file.
// Later files win over earlier ones, and the file itself wins over all that it includes: tables are merged key by key,
// anything else is replaced. Adds mistakes to `diagnostics` and returns nullopt when there are any.
std::optional<ExperimentTree> read_experiment_tree(const std::filesystem::path& file, Diagnostics& diagnostics);

}  // namespace binade::host
