#include "host/run/data_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/cache_folder.h"
#include "host/data/fingerprint/data_files.h"

namespace binade::host {
namespace {

using Clock = std::chrono::steady_clock;

bool names_files(const Experiment& experiment) {
  const auto& options = experiment.dataset.options.options();
  return std::any_of(options.begin(), options.end(), [](const Option& option) {
    return option.spec->type == OptionType::path && !option.values.empty();
  });
}

bool hashes_files(const Experiment& experiment) { return experiment.experiment.fingerprint == "files"; }

// Waits for the hashes and shows progress from time to time.
void wait_for(FileHashing& files, const std::atomic<int>& stop_signal, ColorMode color) {
  constexpr std::chrono::milliseconds look_again{50};
  constexpr std::chrono::seconds first_told{2}, told_again{10};
  auto tell_at = Clock::now() + first_told;
  while (!files.wait_for(look_again)) {
    if (stop_signal.load() != 0) files.stop();
    if (Clock::now() < tell_at) continue;
    log_line(color, BINADE_LOG_INFO,
             fmt::format("hashing the dataset's files: {}B of {}B; unchanged files are hashed once, and [experiment] "
                         "fingerprint = \"samples\" leaves them out",
                         short_number(static_cast<double>(files.bytes_done())),
                         short_number(static_cast<double>(files.bytes()))));
    tell_at = Clock::now() + told_again;
  }
}

void warn_of_problems(const std::vector<HashedFile>& files, ColorMode color) {
  const auto has_problem = [](const HashedFile& file) { return !file.problem.empty() && file.problem != not_hashed; };
  const auto first = std::find_if(files.begin(), files.end(), has_problem);
  if (first == files.end()) return;
  const auto others = std::count_if(std::next(first), files.end(), has_problem);
  log_line(
      color, BINADE_LOG_WARNING,
      fmt::format("{}: {}{}; the run's records cannot say what was in {}", first->path.string(), first->problem,
                  others > 0 ? fmt::format(", and {} other files likewise", others) : "", others > 0 ? "them" : "it"));
}

}  // namespace

std::unique_ptr<FileHashing> hash_data_files(const Experiment& experiment, const std::filesystem::path& runs) {
  if (!names_files(experiment) || !hashes_files(experiment)) return nullptr;
  const auto files = data_files(experiment.dataset.options, runs);
  if (std::any_of(files.begin(), files.end(), [](const DataFiles& named) { return !named.complete; })) return nullptr;
  const auto cache = cache_folder();
  return std::make_unique<FileHashing>(files, FileHashingPlan{cache.empty() ? cache : cache / "data-hashes"});
}

Fingerprint fingerprint_of(const Dataset& dataset, const Experiment& experiment, FileHashing* files,
                           const std::atomic<int>& stop_signal, ColorMode color) {
  Fingerprint fingerprint;
  add_description(fingerprint, dataset);
  const auto stop = [&stop_signal] { return stop_signal.load() != 0; };
  for (const auto& split : dataset.splits()) {
    const auto problem = add_split(fingerprint, dataset, split, stop);
    if (problem.empty()) continue;
    log_line(color, BINADE_LOG_WARNING,
             fmt::format("the run's records cannot say what the samples of `{}` were: {}", split.name, problem));
  }
  if (files != nullptr) {
    wait_for(*files, stop_signal, color);
    const auto hashed = files->results();
    warn_of_problems(hashed, color);
    add_files(fingerprint, hashed);
  } else if (names_files(experiment)) {
    fingerprint["files"] = not_hashed;
    if (hashes_files(experiment)) {
      log_line(color, BINADE_LOG_WARNING,
               fmt::format("the dataset's options name more than {} files, which are too many to hash: the run's "
                           "records cannot say whether they changed",
                           max_data_files));
    }
  }
  return fingerprint;
}

}  // namespace binade::host
