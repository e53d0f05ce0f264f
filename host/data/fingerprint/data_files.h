// Which files a dataset reads, told by its manifest: the values of its options of type `path`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "host/experiment/schema/option.h"

namespace binade::host {

// The files that one value of such an option means.
struct DataFiles {
  std::filesystem::path named;               // the value: a file, a folder or a glob
  std::vector<std::filesystem::path> files;  // sorted, each once
  bool complete = true;                      // false: there are more than max_data_files, and `files` is empty
};

constexpr std::size_t max_data_files = 1'000'000;

// One for each value, in order, without plugin code:
//   a file    itself
//   a folder  every file below it but hidden ones (".name"); links to folders are not followed
//   a glob    what matches; * ? and [...] match within a name, ** any number of folders, and none of them a leading dot
// Regular files only, and links to them. Nothing below `runs` counts, for what runs write is not what they read. A
// value that means no file is left to the plugin to complain about. A plugin may read less of a folder than this: then
// a change of what it does not read is told too.
std::vector<DataFiles> data_files(const OptionTable& dataset_options, const std::filesystem::path& runs);

}  // namespace binade::host
