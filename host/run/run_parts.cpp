#include "host/run/run_parts.h"

#include <fmt/format.h>

#include <utility>

#include "host/cli/last_resort.h"
#include "host/cli/version.h"
#include "host/loading/compatibility.h"
#include "host/loading/lock/experiment_lock.h"
#include "host/run/data_identity.h"

namespace binade::host {
namespace {

// The folder that all runs lie in.
std::filesystem::path runs_folder(const RunOptions& options) {
  return options.resumed ? options.resumed->directory.path().parent_path().parent_path() : options.runs;
}

}  // namespace

RunParts load_parts(const Experiment& experiment, const Catalog& catalog, const RunOptions& options,
                    const CommandLine& line) {
  const EngineLibrary library(line.executable());
  // Private copies, which the plugins need only until they are open: nothing that ends the run can leave them behind.
  const auto copies = options.lock.open(options.experiment.file, library.build_block());
  auto files = chosen_files(experiment, catalog);
  if (copies) verify(files, *copies);
  require_same_build(files.model, library.build_block(), library.path());
  auto engine = library.load();
  auto hashing = hash_data_files(experiment, runs_folder(options));
  OpenedPlugins plugins(files, [&line](auto level, const auto& id, auto text) {
    log_line(line.color(), level, fmt::format("{}: {}", id, text));
  });
  speak_before_libraries_exit();
  return {library, std::move(engine), std::move(hashing), std::move(plugins)};
}

std::string lock_text(const RunParts& parts) {
  auto lock = make_lock(parts.library.build_block(), version());
  for (const auto& plugin : parts.plugins.all()) add(lock, plugin);
  return to_toml(lock);
}

}  // namespace binade::host
