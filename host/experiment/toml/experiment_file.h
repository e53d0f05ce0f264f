// Reading an experiment file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/experiment/diagnostics/diagnostic.h"

namespace binade::host {

// The file's text, of which no more than 1 MiB + 1 byte is read; nullopt after a mistake, which stands at `where`, or
// at the file where that has no source.
std::optional<std::string> read_experiment_file(const std::filesystem::path& file, const Location& where,
                                                Diagnostics& diagnostics);

// A name for an experiment that has none of its own: the file's, made of what a name may hold.
std::string name_from_file(const std::filesystem::path& file);

}  // namespace binade::host
