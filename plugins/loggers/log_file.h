// Opens a logger's output file and creates its folders. Opening never blocks and does not follow symbolic links. Every
// error message has the path and the reason.
#pragma once

#include <binade/options.h>
#include <binade/printable.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace log_file {

[[noreturn]] inline void fail(const std::string& what, const std::string& path, const std::string& reason) {
  throw std::runtime_error("cannot " + what + " " + path + ": " + reason);
}

// Returns a path option. Throws if it contains a NUL, where the system would truncate it.
inline std::string path(const binade::Options& options, const std::string& option) {
  auto path = options.string(option);
  if (path.find('\0') == std::string::npos) return path;
  throw std::invalid_argument("`" + option + "` = \"" + binade::printable(path) +
                              "\" contains the character U+0000, which is not valid in a path");
}

// Creates the folder and its parents. `option` is the option that sets it.
inline void make_folders(const std::string& path, const char* option) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto folder = path.substr(0, end);
    struct stat status {};
    if (::mkdir(folder.c_str(), 0777) != 0) {
      const int reason = errno;
      const bool there = reason == EEXIST && ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      const auto text = reason == EEXIST ? "it exists and is not a folder" : std::strerror(reason);
      if (!there) fail("create the folder", folder, std::string(text) + " (`" + option + "` sets the path)");
    }
    if (end == std::string::npos) return;
  }
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

enum class Kinds { regular, regular_or_pipe };

// Returns why a file of this type is refused, or "".
inline std::string complaint(mode_t type, Kinds kinds) {
  if (S_ISREG(type) || (S_ISFIFO(type) && kinds == Kinds::regular_or_pipe)) return "";
  if (S_ISFIFO(type)) return "it is a named pipe, not a file";
  if (S_ISLNK(type)) return "it is a symbolic link, which loggers do not follow";
  if (S_ISDIR(type)) return "it is a folder, not a file";
  if (S_ISSOCK(type)) return "it is a socket, not a file";
  return "it is a device, not a file";
}

// `flags` are added to O_WRONLY. A pipe must already have a reader; later writes to it may block as usual.
inline File open_to_write(const std::string& path, int flags, Kinds kinds) {
  struct stat status {};
  // Check before opening, because opening a device can have side effects, and again after, in case the file changed.
  const bool there = ::lstat(path.c_str(), &status) == 0;
  if (there && !complaint(status.st_mode, kinds).empty()) fail("write to", path, complaint(status.st_mode, kinds));
  const int number = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
  if (number < 0 && errno == ENXIO) fail("write to", path, "it is a named pipe without a reader");
  if (number < 0) fail("write to", path, errno == ELOOP ? complaint(S_IFLNK, kinds) : std::strerror(errno));
  File file(::fdopen(number, (flags & O_APPEND) != 0 ? "ab" : "wb"));
  if (!file) {
    const int reason = errno;
    ::close(number);
    fail("write to", path, std::strerror(reason));
  }
  const bool known = ::fstat(number, &status) == 0 && ::fcntl(number, F_SETFL, flags & O_APPEND) == 0;
  const auto reason = known ? complaint(status.st_mode, kinds) : std::strerror(errno);
  if (!reason.empty()) fail("write to", path, reason);
  return file;
}

}  // namespace log_file
