// The commit protocol. After a failed sync nothing is tried again: what was written is thrown away.
#include "host/storage/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>
#include <utility>

#include "host/storage/atomic_file.h"
#include "host/storage/checkpoint_manifest.h"
#include "host/storage/sha256.h"

namespace binade::host {
namespace {

constexpr const char* model_file = "model.safetensors";
constexpr const char* state_file = "state.safetensors";
constexpr const char* json_file = "state.json";
constexpr std::string_view prefix = "step-";
constexpr std::string_view unfinished = ".tmp";

[[noreturn]] void fail(const char* what, const std::filesystem::path& path) {
  const int error = errno;
  throw std::system_error(error, std::generic_category(), "cannot " + std::string(what) + " " + path.string());
}

// One file of a folder that is not in place yet: written, hashed on its way, synced.
class HashedFile {
 public:
  explicit HashedFile(std::filesystem::path path) : path_(std::move(path)) {
    do {
      file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file_ < 0 && errno == EINTR);
    if (file_ < 0) fail("create", path_);
  }
  ~HashedFile() {
    if (file_ >= 0) ::close(file_);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  void write(const void* data, std::size_t bytes) {
    if (bytes == 0) return;
    hash_.update(data, bytes);
    if (write_all(file_, data, bytes) != bytes) fail("write", path_);
    bytes_ += bytes;
  }

  CheckpointManifest::File close() {
    if (sync_file(file_) != 0) fail("sync", path_);
    if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) fail("close", path_);
    return {bytes_, hash_.hex()};
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
  Sha256 hash_;
};

CheckpointManifest::File write_text(const std::filesystem::path& path, const std::string& text) {
  HashedFile file(path);
  file.write(text.data(), text.size());
  return file.close();
}

CheckpointManifest::File write_tensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                                       const std::map<std::string, std::string>& metadata) {
  HashedFile file(path);
  write_safetensors([&](const void* data, std::size_t bytes) { file.write(data, bytes); }, tensors, metadata);
  return file.close();
}

// A folder that is removed with all that lies in it unless it was put in place.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {
    if (mkdir(path_.c_str(), 0777) != 0) fail("make the folder", path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // what cannot be removed now is removed before the next one is written
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void put_in_place(const std::filesystem::path& target) {
    // Where there is one of this name, the two change places in one instant, and the older one is removed.
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
    std::error_code error;  // a file system that cannot do this
    std::filesystem::remove_all(target, error);
    if (std::rename(path_.c_str(), target.c_str()) != 0) fail("put in place", target);
    path_.clear();
  }

 private:
  std::filesystem::path path_;
};

std::optional<std::uint64_t> step_of(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t step = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  const bool all = error == std::errc{} && end == name.data() + name.size() && !name.empty();
  return all ? std::optional(step) : std::nullopt;
}

// Names in a folder; none when it cannot be read.
std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
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
  return {manifest.step, folder, read_tensors(folder, manifest, model_file), read_tensors(folder, manifest, state_file),
          read_listed(folder, manifest, json_file)};
}

CheckpointFolder::CheckpointFolder(std::filesystem::path path, std::uint64_t keep, bool keep_best)
    : path_(std::move(path)), keep_(std::max<std::uint64_t>(1, keep)), keep_best_(keep_best) {}

WrittenCheckpoint CheckpointFolder::write(const CheckpointContent& content) {
  make_folder();
  remove_unfinished();
  const auto target = folder_of(content.step);
  auto temporary = target;
  temporary += unfinished;
  TemporaryFolder folder(temporary);

  CheckpointManifest manifest{content.step, content.validation_loss, {}};
  manifest.files[model_file] = write_tensors(folder.path() / model_file, content.model, content.model_metadata);
  manifest.files[state_file] = write_tensors(folder.path() / state_file, content.state, {});
  manifest.files[json_file] = write_text(folder.path() / json_file, content.json);
  WrittenCheckpoint written{target, 0, {}};
  for (const auto& [name, file] : manifest.files) written.bytes += file.bytes;
  written.bytes += write_text(folder.path() / CheckpointManifest::file_name, manifest.text()).bytes;
  sync_folder(folder.path());

  folder.put_in_place(target);
  sync_folder(path_);
  good_[content.step] = {content.validation_loss};
  written.warnings = remove_unneeded();
  return written;
}

std::optional<Checkpoint> CheckpointFolder::newest(std::vector<std::string>& passed_over) const {
  for (const auto step : steps()) {
    try {
      auto checkpoint = read_checkpoint(folder_of(step));
      if (checkpoint.step == step) return checkpoint;
      passed_over.push_back(fmt::format("{} is named after another step than its manifest's, which is {}",
                                        checkpoint.folder.string(), checkpoint.step));
    } catch (const std::runtime_error& error) {
      passed_over.emplace_back(error.what());
    }
  }
  return std::nullopt;
}

std::vector<std::uint64_t> CheckpointFolder::steps() const {
  std::vector<std::uint64_t> steps;
  for (const auto& name : names_in(path_)) {
    const auto step = step_of(name);
    if (step && folder_of(*step).filename() == name) steps.push_back(*step);
  }
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

std::filesystem::path CheckpointFolder::folder_of(std::uint64_t step) const {
  return path_ / fmt::format("{}{:08}", prefix, step);
}

void CheckpointFolder::make_folder() const {
  if (mkdir(path_.c_str(), 0777) != 0 && errno != EEXIST) fail("make the folder", path_);
  // Also where it was there: who made it may have been killed before this.
  if (!knows_older_) sync_folder(path_.parent_path());
}

// Of a process that was killed.
void CheckpointFolder::remove_unfinished() const {
  for (const auto& name : names_in(path_)) {
    std::error_code error;
    if (name.starts_with(prefix) && name.ends_with(unfinished)) std::filesystem::remove_all(path_ / name, error);
  }
}

// Under a temporary name first, so that what a kill leaves of it is removed before the next one is written. Then the
// manifest: without it there is no checkpoint, even where a power cut undoes the renaming.
void CheckpointFolder::remove(std::uint64_t step) {
  auto folder = folder_of(step);
  folder += unfinished;
  if (std::rename(folder_of(step).c_str(), folder.c_str()) != 0) fail("remove", folder_of(step));
  good_.erase(step);
  const auto manifest = folder / CheckpointManifest::file_name;
  if (unlink(manifest.c_str()) != 0 && errno != ENOENT) fail("remove", manifest);
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) throw std::system_error(error, "cannot remove " + folder.string());
}

void CheckpointFolder::learn_older() {
  if (std::exchange(knows_older_, true)) return;
  for (const auto step : steps()) {
    if (good_.count(step) != 0) continue;
    try {
      const auto manifest = read_manifest(folder_of(step));
      for (const auto& [name, file] : manifest.files) read_listed(folder_of(step), manifest, name);
      if (manifest.step == step) good_[step] = {manifest.validation_loss};
    } catch (const std::runtime_error&) {  // does not count, and stays for a person to look at
    }
  }
}

std::vector<std::string> CheckpointFolder::remove_unneeded() {
  learn_older();
  std::optional<std::uint64_t> best;
  for (const auto& [step, checkpoint] : good_) {
    if (!keep_best_ || !checkpoint.validation_loss) continue;
    if (!best || *checkpoint.validation_loss < *good_[*best].validation_loss) best = step;
  }
  std::vector<std::string> warnings;
  std::uint64_t newer = 0;
  std::vector<std::uint64_t> unneeded;
  for (auto checkpoint = good_.rbegin(); checkpoint != good_.rend(); ++checkpoint) {
    if (newer++ >= keep_ && checkpoint->first != best) unneeded.push_back(checkpoint->first);
  }
  for (const auto step : unneeded) {
    try {
      remove(step);
    } catch (const std::system_error& error) {
      warnings.emplace_back(error.what());
    }
  }
  return warnings;
}

}  // namespace binade::host
