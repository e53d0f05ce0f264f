#include "host/base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "host/base/system_call.h"

namespace binade::host {
namespace {

constexpr mode_t mode = 0666;

// Says what kind of file it is; "" for a regular file.
std::string kind_of(mode_t type) {
  if (S_ISREG(type)) return "";
  if (S_ISDIR(type)) return "it is a folder, not a file";
  if (S_ISFIFO(type)) return "it is a named pipe, not a file";
  if (S_ISSOCK(type)) return "it is a socket, not a file";
  if (S_ISLNK(type)) return "it is a symbolic link, which is not followed for writing";
  return "it is a device, not a file";
}

OpenedFile failed(int error, std::string reason = "") {
  if (reason.empty()) reason = std::generic_category().message(error);
  return {Descriptor(), 0, error, std::move(reason)};
}

OpenedFile opened(const std::filesystem::path& path, int flags) {
  const bool follow = (flags & O_NOFOLLOW) == 0;
  struct stat status {};
  // Check before opening, because opening a device can have side effects, and again after, in case the file changed.
  const bool there = (follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) == 0;
  if (there && !S_ISREG(status.st_mode)) return failed(EINVAL, kind_of(status.st_mode));
  if (!there && (errno != ENOENT || (flags & O_CREAT) == 0)) return failed(errno);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): POSIX's
  const auto open = [&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode); };
  OpenedFile file{Descriptor(uninterrupted(open)), 0, 0, ""};
  if (!file.descriptor) return failed(errno, errno == ELOOP && !follow ? kind_of(S_IFLNK) : "");
  if (::fstat(file.descriptor.number(), &status) != 0) return failed(errno);
  if (!S_ISREG(status.st_mode)) return failed(EINVAL, kind_of(status.st_mode));
  file.size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

OpenedFile required(OpenedFile file, const std::string& what, const std::filesystem::path& path) {
  const auto message = "cannot " + what + " " + path.string();
  if (!file.descriptor && file.error == EINVAL) throw std::runtime_error(message + ": " + file.reason);
  if (!file.descriptor) throw std::system_error(file.error, std::generic_category(), message);
  return file;
}

}  // namespace

OpenedFile open_to_read(const std::filesystem::path& path) { return opened(path, O_RDONLY); }

OpenedFile open_to_write(const std::filesystem::path& path, int flags) {
  return opened(path, O_WRONLY | O_NOFOLLOW | flags);
}

OpenedFile require_to_read(const std::filesystem::path& path) { return required(open_to_read(path), "read", path); }

OpenedFile require_to_write(const std::filesystem::path& path, int flags) {
  return required(open_to_write(path, flags), "write", path);
}

}  // namespace binade::host
