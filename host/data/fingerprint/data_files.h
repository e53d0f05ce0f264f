// Finds the files that a dataset reads: those that its options of type `path` refer to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

// The files that one value of such an option refers to.
struct DataFiles {
  std::filesystem::path named;               // the value: a file, a folder or a glob
  std::vector<std::filesystem::path> files;  // sorted, each once
  bool complete = true;                      // false if there are more than max_data_files; `files` is then empty
};

constexpr std::size_t max_data_files = 1'000'000;

// Returns one entry for each value, in order, without running plugin code:
//   a file    itself
//   a folder  every file below it except hidden ones (".name"); links to folders are not followed
//   a glob    matching files; * ? and [...] match within a name, ** any number of folders, none of them a leading dot
// Only regular files and links to them are returned, and none below `runs`, which holds the output of runs. If a value
// refers to no file, the plugin reports that. A plugin may read only some of a folder's files: changes of the others
// are then reported, too.
std::vector<DataFiles> data_files(const OptionTable& dataset_options, const std::filesystem::path& runs);

}  // namespace binade::host
