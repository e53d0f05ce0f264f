#include "host/engine/checkpoint/resumed_training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "host/base/error_text.h"
#include "host/engine/checkpoint/incompatibilities.h"
#include "host/engine/checkpoint/training_state.h"
#include "host/engine/loop/skip_report.h"
#include "host/loading/plugin.h"
#include "host/storage/checkpoint_error.h"

namespace binade::host {
namespace {

using Description = std::map<std::string, std::string>;

// Calls action(), which reads the checkpoint; what does not fit is told with the checkpoint's name.
template <class Action>
auto reading(const std::filesystem::path& folder, Action action) {
  try {
    return action();
  } catch (const PluginError&) {
    throw;
  } catch (const nlohmann::json::exception& error) {
    throw CheckpointError(
        fmt::format("{} is no state of a run: {}", (folder / "state.json").string(), error_text(error)));
  } catch (const std::runtime_error& error) {
    throw CheckpointError(fmt::format(
        "{} cannot be gone on from: {}. Resume with the experiment that it was made with, or begin a new run with its "
        "weights: [model] init_from = \"{}\"",
        folder.string(), error_text(error), folder.string()));
  }
}

void refuse_foreign(const Description& before, const Description& now) {
  const auto foreign = incompatibilities(before, now);
  if (!foreign.empty()) throw std::runtime_error(fmt::format("{}", fmt::join(foreign, "; ")));
}

}  // namespace

ResumedTraining::ResumedTraining(const Checkpoint& checkpoint, const Description& run_fingerprint)
    : folder_(checkpoint.folder), snapshot_(reading(folder_, [&] { return Snapshot(checkpoint); })) {
  reading(folder_, [&] {
    const auto before = snapshot_.values.at("made_by").get<Description>();
    refuse_foreign(before, run_fingerprint);
    differences_ = resume_differences(before, run_fingerprint);
    compared_data_ = host::compared_data(before, run_fingerprint);
    loop_ = loop_state(snapshot_.values.at("loop"));
    if (const auto target = snapshot_.values.find("target"); target != snapshot_.values.end()) {
      target_scale_ = host::target_scale(*target);
    }
    SkipReport({}, false).load(
        snapshot_.values.at("skips"));  // what the loop will read is found wrong before it begins
  });
}

void ResumedTraining::load(const Training& training) const {
  reading(folder_, [&] { load_training(training, snapshot_); });
}

}  // namespace binade::host
