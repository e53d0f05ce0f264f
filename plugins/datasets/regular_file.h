// A regular file opened for reading. Pipes and devices are refused without blocking: a resumed run reads its data
// again, which a pipe cannot provide.
#pragma once

#include <binade/options.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

class RegularFile {
 public:
  // Throws binade::Failure, BINADE_NOT_FOUND or BINADE_BAD_DATA, with the system's reason.
  explicit RegularFile(const std::filesystem::path& path)
      : path_(path.string()), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (descriptor_ < 0) fail(errno);
    struct stat status {};
    int reason = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
    if (reason == 0 && S_ISDIR(status.st_mode)) reason = EISDIR;
    if (reason == 0 && S_ISREG(status.st_mode)) {
      size_ = static_cast<std::size_t>(status.st_size);
      return;
    }
    ::close(descriptor_);
    if (reason != 0) fail(reason);
    throw binade::Failure(BINADE_BAD_DATA, path_ + ": cannot be read: it is a pipe or device, not a regular file");
  }
  ~RegularFile() { ::close(descriptor_); }
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::size_t size() const { return size_; }  // 0 for files in /proc and /sys

  [[noreturn]] void fail(int reason) const {
    throw binade::Failure(reason == ENOENT ? BINADE_NOT_FOUND : BINADE_BAD_DATA,
                          path_ + ": cannot be read: " + std::strerror(reason));
  }

 private:
  std::string path_;
  int descriptor_;
  std::size_t size_ = 0;
};
