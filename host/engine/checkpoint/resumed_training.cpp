#include "host/engine/checkpoint/resumed_training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

#include "binade/abi/plugin.h"
#include "host/base/error_text.h"
#include "host/engine/checkpoint/incompatibilities.h"
#include "host/engine/checkpoint/training_state.h"
#include "host/engine/loop/skip_report.h"
#include "host/loading/plugin.h"
#include "host/storage/checkpoint_error.h"

namespace binade::host {
namespace {

using Description = std::map<std::string, std::string>;

// Calls action(), which reads the checkpoint; errors that it throws get the checkpoint's name.
template <class Action>
auto reading(const std::filesystem::path& folder, Action action) {
  try {
    return action();
  } catch (const PluginError&) {
    throw;
  } catch (const nlohmann::json::exception& error) {
    throw CheckpointError(
        fmt::format("{} is not the state of a run: {}", (folder / "state.json").string(), error_text(error)));
  } catch (const std::runtime_error& error) {
    throw CheckpointError(fmt::format(
        "{} cannot be resumed: {}. Resume with the experiment that wrote it, or begin a new run with its weights: "
        "[model] init_from = \"{}\"",
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
    convert_older_state(loop_);
    if (const auto target = snapshot_.values.find("target"); target != snapshot_.values.end()) {
      target_scale_ = host::target_scale(*target);
    }
    SkipReport({}, false).load(snapshot_.values.at("skips"));  // finds what is wrong before the loop begins
  });
}

void ResumedTraining::load(Training& training) const {
  reading(folder_, [&] { load_training(training, snapshot_); });
}

void ResumedTraining::report(const std::string& device, RunListener& listener) const {
  const auto step = loop_.statistics.steps;
  if (!differences_.empty()) {
    return listener.message(BINADE_LOG_WARNING, fmt::format("resumed at step {}: approximate, because {}", step,
                                                            fmt::join(differences_, "; ")));
  }
  // Some kernels of a GPU add in a different order each time.
  auto limit = device == "cpu" ? std::string() : fmt::format(", as far as the kernels of {} repeat themselves", device);
  if (!compared_data_.empty()) limit += ", " + compared_data_;
  listener.message(BINADE_LOG_INFO, fmt::format("resumed at step {}: exact{}", step, limit));
}

}  // namespace binade::host
