// Write a temporary file, sync it, rename it, sync the folder. A failed sync is never retried: the kernel may have
// dropped the pages, and would then report success.
#include "host/base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "host/base/file_error.h"

namespace binade::host {
namespace {

// <file>.<pid>-<attempt>.tmp, as the constructor names them.
bool is_temporary(std::string_view name) {
  constexpr std::string_view end = ".tmp";
  const auto take_number = [&] {
    const auto digits = name.size() - std::min(name.size(), name.find_last_not_of("0123456789") + 1);
    name.remove_suffix(digits);
    return digits > 0;
  };
  const auto take = [&](std::string_view what) {
    const bool there = name.ends_with(what);
    if (there) name.remove_suffix(what.size());
    return there;
  };
  return take(end) && take_number() && take("-") && take_number() && take(".") && !name.empty();
}

}  // namespace

std::size_t write_all(int file, const void* data, std::size_t bytes) {
  const char* position = static_cast<const char*>(data);
  std::size_t written = 0;
  while (written < bytes) {
    const ssize_t now = uninterrupted([&] { return ::write(file, position + written, bytes - written); });
    if (now == 0) errno = EIO;  // should not happen, but must not loop forever
    if (now <= 0) break;
    written += static_cast<std::size_t>(now);
  }
  return written;
}

int sync_file(int file) {
  return uninterrupted([&] { return fsync(file); });
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  // O_EXCL: do not write to leftovers of a process with the same id, or through someone else's link.
  constexpr int attempts = 1000;
  for (int attempt = 0; file_ < 0; ++attempt) {
    temporary_ = path_;
    temporary_ += fmt::format(".{}-{}.tmp", getpid(), attempt);
    file_ = uninterrupted([&] { return open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
    if (file_ < 0 && (errno != EEXIST || attempt == attempts)) throw_file_error("create", temporary_);
  }
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) close(file_);
  if (!renamed_) unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  if (write_all(file_, data, bytes) != bytes) throw_file_error("write", path_);
}

void AtomicFile::commit() {
  if (sync_file(file_) != 0) throw_file_error("sync", path_);
  // Some network file systems report a failed write only here. The descriptor is closed even if close() fails.
  if (close(std::exchange(file_, -1)) != 0 && errno != EINTR) throw_file_error("close", path_);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) throw_file_error("put in place", path_);
  renamed_ = true;
  sync_folder(path_.has_parent_path() ? path_.parent_path() : ".");
}

void remove_unfinished_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> unfinished;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    std::error_code error;
    const bool plain = std::filesystem::is_regular_file(entry->symlink_status(error));
    if (plain && is_temporary(entry->path().filename().string())) unfinished.push_back(entry->path());
  }
  for (const auto& path : unfinished) std::filesystem::remove(path, ignored);
}

void sync_folder(const std::filesystem::path& folder) {
  const int file = uninterrupted([&] { return open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (file < 0) throw_file_error("open", folder);
  // EINVAL: the file system does not support syncing folders.
  const bool failed = sync_file(file) != 0 && errno != EINVAL;
  const int error = errno;
  close(file);
  errno = error;
  if (failed) throw_file_error("sync the folder", folder);
}

}  // namespace binade::host
