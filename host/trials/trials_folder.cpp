#include "host/trials/trials_folder.h"

#include <fmt/format.h>

#include "host/experiment/resolved.h"

namespace binade::host {

RunDirectory make_trials_folder(const Experiment& experiment, const std::filesystem::path& runs,
                                std::string_view prefix) {
  const auto text = to_toml(experiment);
  RunDirectory directory(runs, experiment.experiment.name, text, prefix);
  directory.write("experiment.toml", text);
  return directory;
}

std::vector<std::string> short_run(std::uint64_t steps) {
  return {fmt::format("train.steps={}", steps), "train.evaluate_every=0",
          "train.evaluate_batches=1",           "train.keep_best=false",
          "checkpoint.enabled=false",           "metrics.enabled=false"};
}

}  // namespace binade::host
