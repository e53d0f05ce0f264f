// Reads an experiment file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "host/experiment/diagnostics/diagnostic.h"

namespace binade::host {

// Returns the file's text, of which at most 1 MiB + 1 byte is read. Returns nullopt after a mistake, whose location is
// `where`, or the file if that has no source.
std::optional<std::string> read_experiment_file(const std::filesystem::path& file, const Location& where,
                                                Diagnostics& diagnostics);

// Returns a name for an experiment without one: the file's name, without characters that a name cannot have.
std::string name_from_file(const std::filesystem::path& file);

}  // namespace binade::host
