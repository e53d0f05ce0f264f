// The fingerprint of a run's data, while the run starts.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "host/cli/terminal.h"
#include "host/data/fingerprint/fingerprint.h"
#include "host/experiment/experiment.h"

namespace binade::host {

// Begins to hash the files that the dataset's options name, as [experiment] fingerprint says; nullptr: there is nothing
// to hash. To be called before the dataset is made. `runs`: where this run and others write.
std::unique_ptr<FileHashing> hash_data_files(const Experiment& experiment, const std::filesystem::path& runs);

// Reads samples, and waits for the files' hashes (nullptr: they are left out), saying how far they are where that takes
// long. A signal ends it early, with what is known by then. What cannot be read is a warning.
Fingerprint fingerprint_of(const Dataset& dataset, const Experiment& experiment, FileHashing* files,
                           const std::atomic<int>& stop_signal, ColorMode color);

}  // namespace binade::host
