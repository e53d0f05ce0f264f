#include "host/engine/checkpoint/best_weights.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "binade/abi/plugin.h"
#include "host/base/error_text.h"
#include "host/engine/model/weights.h"
#include "host/storage/run_directory.h"
#include "host/storage/safetensors.h"
#include "host/storage/safetensors_reading.h"

namespace binade::host {

BestWeights::BestWeights(std::filesystem::path file, bool with_checkpoints, RunListener& listener)
    : file_(std::move(file)), with_checkpoints_(with_checkpoints), listener_(listener) {}

bool BestWeights::keep(const Model& model, std::uint64_t step) {
  if (file_.empty()) return true;
  return attempt(step, [&] {
    write_weights(model, with_checkpoints_ ? waiting_file(step) : file_, {{"step", std::to_string(step)}});
    if (!with_checkpoints_) return;
    if (newest_ && newest_ != taken_) std::filesystem::remove(waiting_file(*newest_));
    newest_ = step;
  });
}

void BestWeights::checkpoint_taken() {
  // The snapshot before it was never durable, and its weights are no longer the best.
  if (taken_ && taken_ != newest_) attempt(*taken_, [&] { std::filesystem::remove(waiting_file(*taken_)); });
  taken_ = newest_;
}

void BestWeights::checkpoint_durable() {
  if (!taken_) return;
  const bool placed = attempt(*taken_, [&] { put_in_place(*taken_); });
  if (!placed) return;
  if (newest_ == taken_) newest_.reset();
  taken_.reset();
}

void BestWeights::run_finished() {
  checkpoint_taken();
  checkpoint_durable();
}

bool BestWeights::resume(std::uint64_t best_step) {
  if (file_.empty()) return true;
  const bool waits = best_step != 0 && std::filesystem::exists(waiting_file(best_step));
  if (waits) put_in_place(best_step);
  remove_waiting();
  if (waits || is_in_place(best_step)) return true;
  std::filesystem::remove(file_);
  return best_step == 0;
}

bool BestWeights::attempt(std::uint64_t step, const std::function<void()>& change) {
  try {
    change();
    return true;
  } catch (const std::system_error& error) {
    require_run_folder(file_.parent_path());
    const auto text = fmt::format(
        "the best weights of step {} could not be saved: {}; training continues and will retry at the next "
        "improvement",
        step, error_text(error));
    if (!std::exchange(reported_, true)) listener_.message(BINADE_LOG_WARNING, text);
    return false;
  }
}

std::filesystem::path BestWeights::waiting_file(std::uint64_t step) const {
  return file_.parent_path() / fmt::format("{}-{:08}{}", file_.stem().string(), step, file_.extension().string());
}

void BestWeights::put_in_place(std::uint64_t step) const { std::filesystem::rename(waiting_file(step), file_); }

bool BestWeights::is_in_place(std::uint64_t step) const {
  if (step == 0 || !std::filesystem::exists(file_)) return false;
  try {
    const auto metadata = read_safetensors(file_).metadata;
    const auto found = metadata.find("step");
    return found == metadata.end() || found->second == std::to_string(step);  // older versions did not say
  } catch (const std::runtime_error&) {
    return false;
  }
}

void BestWeights::remove_waiting() const {
  const auto begin = file_.stem().string() + "-", end = file_.extension().string();
  std::vector<std::filesystem::path> waiting;
  for (const auto& entry : std::filesystem::directory_iterator(file_.parent_path())) {
    const auto name = entry.path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    const auto step = name.substr(begin.size(), name.size() - begin.size() - end.size());
    if (step.find_first_not_of("0123456789") == std::string::npos) waiting.push_back(entry.path());
  }
  for (const auto& path : waiting) std::filesystem::remove(path);
}

}  // namespace binade::host
