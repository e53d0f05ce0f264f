// Computes the fingerprint of a run's data while the run starts.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "host/cli/terminal.h"
#include "host/data/fingerprint/fingerprint.h"
#include "host/experiment/experiment.h"

namespace binade::host {

// Starts hashing the files that the dataset's options name, as [experiment] fingerprint says. Returns nullptr when
// there is nothing to hash. Must be called before the dataset is created. `runs`: the folder that runs write to, which
// is not hashed.
std::unique_ptr<FileHashing> hash_data_files(const Experiment& experiment, const std::filesystem::path& runs);

// Reads samples, then waits for the hashes of the files (nullptr: files are left out) and shows progress if that takes
// long. A stop signal ends it early with what is known by then. Anything that cannot be read is a warning.
Fingerprint fingerprint_of(const Dataset& dataset, const Experiment& experiment, FileHashing* files,
                           const std::atomic<int>& stop_signal, ColorMode color);

}  // namespace binade::host
