// An experiment file and all that it includes, as one tree.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "host/experiment/toml/document.h"

namespace binade::host {

struct ExperimentTree {
  Node root;                                 // `include` is not in it; every value stands where it was written
  std::vector<std::filesystem::path> files;  // absolute, each once: the file itself, then the others as they were read
};

// Reads `file` and what its `include = ["base.toml", ...]` names, relative to the file that says so. Later files win
// over earlier ones, and the file itself over all that it includes: tables are merged key by key, anything else is
// replaced as a whole. Mistakes go into `diagnostics`; nullopt when there were any.
std::optional<ExperimentTree> read_experiment_tree(const std::filesystem::path& file, Diagnostics& diagnostics);

}  // namespace binade::host
