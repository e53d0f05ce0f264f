// Where a logger writes: its folders, and a file that is opened without waiting for anything and without being led
// elsewhere. Every failure says the path and the reason.
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

// A path among the options. Throws where it has a NUL, at which the system would take it to end.
inline std::string path(const binade::Options& options, const std::string& option) {
  auto path = options.string(option);
  if (path.find('\0') == std::string::npos) return path;
  throw std::invalid_argument("`" + option + "` = \"" + binade::printable(path) +
                              "\" has the character U+0000 in it, which no path has");
}

// The folder, and those above it. `option` names where to choose another.
inline void make_folders(const std::string& path, const char* option) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto folder = path.substr(0, end);
    struct stat status {};
    if (::mkdir(folder.c_str(), 0777) != 0) {
      const int reason = errno;
      const bool there = reason == EEXIST && ::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      const auto text = reason == EEXIST ? "it exists, and is not a folder" : std::strerror(reason);
      if (!there) fail("make the folder", folder, std::string(text) + " (`" + option + "` says where to write)");
    }
    if (end == std::string::npos) return;
  }
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

enum class Kinds { regular, regular_or_pipe };

// "" for what may be written to.
inline std::string complaint(mode_t type, Kinds kinds) {
  if (S_ISREG(type) || (S_ISFIFO(type) && kinds == Kinds::regular_or_pipe)) return "";
  if (S_ISFIFO(type)) return "it is a named pipe, not a file";
  if (S_ISLNK(type)) return "it is a symbolic link, and nothing is written through one";
  if (S_ISDIR(type)) return "it is a folder, not a file";
  if (S_ISSOCK(type)) return "it is a socket, not a file";
  return "it is a device, not a file";
}

// `flags`: beside O_WRONLY. A pipe needs a reader that is there already; writing to it waits for the reader as ever.
inline File open_to_write(const std::string& path, int flags, Kinds kinds) {
  struct stat status {};
  // Before the opening, which of a device may do something already; and after it, of what was opened.
  const bool there = ::lstat(path.c_str(), &status) == 0;
  if (there && !complaint(status.st_mode, kinds).empty()) fail("write to", path, complaint(status.st_mode, kinds));
  const int number = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
  if (number < 0 && errno == ENXIO) fail("write to", path, "it is a named pipe that nobody reads");
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
