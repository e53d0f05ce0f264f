// Names and creates the folder of a run.
#include "host/storage/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "host/base/atomic_file.h"
#include "host/base/file_error.h"
#include "host/base/sha256.h"

namespace binade::host {
namespace {

std::string utc(std::time_t seconds) {
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), size};
}

// Creates a folder and its parents durably: losing one of them would lose the run.
void make_folders(const std::filesystem::path& folder) {
  if (std::filesystem::is_directory(folder)) return;
  if (folder.has_parent_path() && folder != folder.parent_path()) make_folders(folder.parent_path());
  if (mkdir(folder.c_str(), 0777) == 0) return sync_folder(folder.parent_path());
  if (errno != EEXIST) throw_file_error("create the folder", folder);  // EEXIST: another run has just created it
}

// The time in a run id that begins with `prefix`; nullopt for other names.
std::optional<std::time_t> time_in(std::string_view id, std::string_view prefix) {
  if (!id.starts_with(prefix)) return std::nullopt;
  const std::string moment(id.substr(prefix.size()));
  std::tm parts{};
  const char* end = strptime(moment.c_str(), "%Y%m%dT%H%M%SZ-", &parts);
  const auto seconds = timegm(&parts);
  const bool same = end != nullptr && moment.starts_with(utc(seconds) + "-");
  return same ? std::optional(seconds) : std::nullopt;
}

// Returns a time later than that of every existing run, whatever the clock says, so that ids sort chronologically.
std::time_t time_for_a_run(const std::filesystem::path& parent, std::string_view prefix, std::time_t now) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    const auto earlier = time_in(entry->path().filename().string(), prefix);
    if (earlier && *earlier >= now) now = *earlier + 1;
  }
  return now;
}

std::string make_run_id(const std::filesystem::path& parent, std::string_view prefix, std::string_view experiment,
                        int attempt) {
  std::timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const auto moment = fmt::format("{}.{:09} {} {}\n", now.tv_sec, now.tv_nsec, getpid(), attempt);
  Sha256 hash;
  hash.update(moment.data(), moment.size());
  hash.update(experiment.data(), experiment.size());
  return std::string(prefix) + utc(time_for_a_run(parent, prefix, now.tv_sec)) + "-" + hash.hex().substr(0, 8);
}

}  // namespace

RunDirectory::RunDirectory(const std::filesystem::path& root, const std::string& name,
                           std::string_view resolved_experiment, std::string_view prefix) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    throw std::invalid_argument("`" + name + "` cannot name the folder of a run; change [experiment] name");
  }
  const auto parent = std::filesystem::absolute(root).lexically_normal() / name;
  make_folders(parent);

  constexpr int attempts = 100;  // eight digits hardly ever collide; a hundred collisions mean a broken file system
  for (int attempt = 0; attempt < attempts; ++attempt) {
    run_id_ = make_run_id(parent, prefix, resolved_experiment, attempt);
    path_ = parent / run_id_;
    if (mkdir(path_.c_str(), 0777) == 0) {
      sync_folder(parent);
      return;
    }
    if (errno != EEXIST) break;
  }
  throw_file_error("create the folder", path_);
}

RunDirectory::RunDirectory(const std::filesystem::path& existing)
    : path_(std::filesystem::absolute(existing).lexically_normal()) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // remove a trailing slash
  run_id_ = path_.filename().string();
  if (!std::filesystem::is_regular_file(path_ / "experiment.toml")) {
    throw std::runtime_error(path_.string() +
                             " is not the directory of a run: it has no experiment.toml; use runs/<name>/<run id>");
  }
}

void require_run_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error) || (error && error != std::errc::no_such_file_or_directory)) return;
  throw RunFolderGone(fmt::format(
      "the run's folder {} was deleted or moved during training, so nothing can be saved there", folder.string()));
}

RunLock::RunLock(const std::filesystem::path& directory)
    : folder_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (folder_ >= 0 && flock(folder_, LOCK_EX | LOCK_NB) == 0) return;
  const int error = errno;
  if (folder_ >= 0) close(folder_);
  if (error == EWOULDBLOCK) {
    throw std::runtime_error("another process is training in " + directory.string() +
                             ": wait for it, or end it with SIGTERM");
  }
  throw std::system_error(error, std::generic_category(), "cannot lock " + directory.string());
}

RunLock::~RunLock() { close(folder_); }

void RunDirectory::write(const std::string& file_name, std::string_view text) const {
  AtomicFile file(path_ / file_name);
  file.write(text.data(), text.size());
  file.commit();
}

std::filesystem::path only_run_in(const std::filesystem::path& parent) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(parent, error);
  return error || entries == std::filesystem::directory_iterator() ? std::filesystem::path() : entries->path();
}

}  // namespace binade::host
