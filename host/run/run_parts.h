// What a run is put together from: the engine and the plugins of an experiment, loaded and checked.
#pragma once

#include <memory>

#include "host/cli/command_line.h"
#include "host/data/fingerprint/file_hashing.h"
#include "host/engine_api/engine.h"
#include "host/experiment/experiment.h"
#include "host/loading/catalog.h"
#include "host/run/engine_library.h"
#include "host/run/opened_plugins.h"
#include "host/run/run_options.h"

namespace binade::host {

struct RunParts {
  EngineLibrary library;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<FileHashing> hashing;  // of the files that the dataset reads; nullptr where none are hashed
  OpenedPlugins plugins;
};

// Loads the engine, then opens the plugins; under --locked only those that the lock names. Throws PluginRefused, and
// std::runtime_error when there is no engine. `line` must outlive the plugins.
RunParts load_parts(const Experiment& experiment, const Catalog& catalog, const RunOptions& options,
                    const CommandLine& line);

// experiment.lock: the bytes that the run is made of.
std::string lock_text(const RunParts& parts);

}  // namespace binade::host
