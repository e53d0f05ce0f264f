// Finds and deletes checkpoints, and puts new ones in place.
#include "host/storage/checkpoint.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>
#include <utility>

#include "host/base/atomic_file.h"
#include "host/base/file_error.h"
#include "host/events/lower_loss.h"
#include "host/storage/checkpoint_manifest.h"
#include "host/storage/checkpoint_writer.h"
#include "host/storage/safetensors_reading.h"

namespace binade::host {
namespace {

constexpr std::string_view prefix = "step-";

std::string name_of(std::uint64_t step) { return fmt::format("{}{:08}", prefix, step); }

// The step in the name of a checkpoint's folder, which must end with `suffix`.
std::optional<std::uint64_t> step_in(std::string_view name, std::string_view suffix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  std::uint64_t step = 0;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
  const bool same = error == std::errc{} && name == name_of(step) + std::string(suffix);
  return same ? std::optional(step) : std::nullopt;
}

void remove_or_warn(const std::filesystem::path& folder, std::vector<std::string>& warnings) {
  try {
    remove_checkpoint(folder);
  } catch (const std::system_error& error) {
    warnings.emplace_back(error.what());
  }
}

struct Listing {
  std::vector<std::string> names;
  std::error_code error;  // if set, the listing may be incomplete
};

Listing names_in(const std::filesystem::path& folder) {
  Listing listing;
  for (std::filesystem::directory_iterator entry(folder, listing.error), end; !listing.error && entry != end;
       entry.increment(listing.error)) {
    listing.names.push_back(entry->path().filename().string());
  }
  if (listing.error == std::errc::no_such_file_or_directory) listing.error.clear();
  return listing;
}

SafetensorsFile read_tensors(const std::filesystem::path& folder, const CheckpointManifest& manifest,
                             const std::string& name) {
  auto bytes = read_listed(folder, manifest, name);
  try {
    return parse_safetensors(std::move(bytes));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error((folder / name).string() + " " + error.what());
  }
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& folder) {
  const auto manifest = read_manifest(folder);
  return {manifest.step, folder, read_tensors(folder, manifest, checkpoint_model_file),
          read_tensors(folder, manifest, checkpoint_state_file), read_listed(folder, manifest, checkpoint_json_file)};
}

CheckpointFolder::CheckpointFolder(std::filesystem::path path, std::uint64_t keep, bool keep_best)
    : path_(std::move(path)), keep_(std::max<std::uint64_t>(1, keep)), keep_best_(keep_best) {}

WrittenCheckpoint CheckpointFolder::write(const CheckpointContent& content) {
  make_folder();
  tidy(content.step);
  WrittenCheckpoint written{folder_of(content.step), 0, {}};
  std::filesystem::path replaced;
  {
    CheckpointWriter unfinished(written.folder);
    written.bytes = unfinished.write(content);
    replaced = unfinished.put_in_place();
  }
  sync_folder(path_);
  if (!replaced.empty()) remove_or_warn(replaced, written.warnings);
  const bool known = content.validation_loss && std::isfinite(*content.validation_loss);
  good_[content.step] = {known ? content.validation_loss : std::nullopt};
  remove_unneeded(content.step, written.warnings);
  return written;
}

std::optional<Checkpoint> CheckpointFolder::newest(std::vector<std::string>& passed_over) const {
  const auto listing = names_in(path_);
  if (listing.error) {
    passed_over.push_back(fmt::format("there may be more in {}, which cannot be read completely: {}", path_.string(),
                                      listing.error.message()));
  }
  std::vector<std::pair<std::uint64_t, std::filesystem::path>> candidates;
  for (const auto& name : listing.names) {
    if (const auto step = step_in(name, "")) candidates.emplace_back(*step, path_ / name);
    if (const auto step = step_in(name, replaced_suffix)) candidates.emplace_back(*step, path_ / name);
  }
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first
                              : a.second < b.second;  // prefer the current one to one that was moved aside
  });
  for (const auto& [step, folder] : candidates) {
    try {
      auto checkpoint = read_checkpoint(folder);
      if (checkpoint.step == step) return checkpoint;
      passed_over.push_back(fmt::format("{} is named after a different step than its manifest's, which is {}",
                                        checkpoint.folder.string(), checkpoint.step));
    } catch (const std::runtime_error& error) {
      passed_over.emplace_back(error.what());
    }
  }
  return std::nullopt;
}

std::vector<std::uint64_t> CheckpointFolder::steps() const {
  std::vector<std::uint64_t> steps;
  for (const auto& name : names_in(path_).names) {
    if (const auto step = step_in(name, "")) steps.push_back(*step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

std::filesystem::path CheckpointFolder::folder_of(std::uint64_t step) const { return path_ / name_of(step); }

void CheckpointFolder::make_folder() const {
  if (mkdir(path_.c_str(), 0777) != 0 && errno != EEXIST) throw_file_error("create the folder", path_);
  // Sync even if it existed: the process that created it may have been killed before syncing.
  if (!knows_older_) sync_folder(path_.parent_path());
}

std::filesystem::path CheckpointFolder::in_progress(std::uint64_t step) const {
  return folder_of(step) += unfinished_suffix;
}

// Cleans up after a killed process or a failed removal. Moves a checkpoint that was moved aside back, unless there is a
// new one. The new one must be durable before the older one is deleted, hence the sync.
void CheckpointFolder::tidy(std::uint64_t next) const {
  const auto listing = names_in(path_);
  if (listing.error) throw std::system_error(listing.error, "cannot read the folder " + path_.string());
  std::vector<std::filesystem::path> unneeded;
  for (const auto& name : listing.names) {
    if (step_in(name, unfinished_suffix) || step_in(name, abandoned_suffix)) unneeded.push_back(path_ / name);
    const auto aside = step_in(name, replaced_suffix);
    if (!aside) continue;
    const auto target = folder_of(*aside);
    if (std::rename((path_ / name).c_str(), target.c_str()) == 0) continue;
    if (errno == EEXIST || errno == ENOTEMPTY) unneeded.push_back(path_ / name);
  }
  if (unneeded.empty()) return;
  sync_folder(path_);
  for (const auto& folder : unneeded) {
    std::vector<std::string> ignored;  // retried before the next checkpoint
    if (folder == in_progress(next)) {
      remove_checkpoint(folder);
    } else {
      remove_or_warn(folder, ignored);
    }
  }
}

// Rename it to a temporary name first, so that its remains after a kill are removed before the next checkpoint is
// written.
void CheckpointFolder::remove(std::uint64_t step) {
  const auto folder = in_progress(step);
  if (std::rename(folder_of(step).c_str(), folder.c_str()) != 0) throw_file_error("remove", folder_of(step));
  good_.erase(step);
  remove_checkpoint(folder);
}

// Ignores checkpoints that are damaged, and keeps them for inspection.
void CheckpointFolder::learn_older() {
  if (std::exchange(knows_older_, true)) return;
  for (const auto step : steps()) {
    if (good_.count(step) != 0) continue;
    try {
      const auto manifest = read_manifest(folder_of(step));
      verify_files(folder_of(step), manifest);
      if (manifest.step == step) good_[step] = {manifest.validation_loss};
    } catch (const std::runtime_error&) {
    }
  }
}

// Never removes `written`, even if there are later ones, which could not be read when the run was resumed.
void CheckpointFolder::remove_unneeded(std::uint64_t written, std::vector<std::string>& warnings) {
  learn_older();
  std::optional<std::uint64_t> best;
  for (const auto& [step, checkpoint] : good_) {
    if (!keep_best_ || !checkpoint.validation_loss) continue;
    if (!best || is_lower(*checkpoint.validation_loss, *good_[*best].validation_loss)) best = step;
  }
  std::uint64_t newer = 0;
  std::vector<std::uint64_t> unneeded;
  for (auto checkpoint = good_.rbegin(); checkpoint != good_.rend(); ++checkpoint) {
    if (newer++ >= keep_ && checkpoint->first != best && checkpoint->first != written)
      unneeded.push_back(checkpoint->first);
  }
  for (const auto step : unneeded) {
    try {
      remove(step);
    } catch (const std::system_error& error) {
      warnings.emplace_back(error.what());
    }
  }
}

}  // namespace binade::host
