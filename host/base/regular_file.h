// Files that are opened only where they are files: no pipe on which the process would wait for somebody, no device that
// has no end, and, for what is written, no link that leads elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/descriptor.h"

namespace binade::host {

// One that was opened, or why it was not.
struct OpenedFile {
  Descriptor descriptor;   // of a regular file, or not open
  std::uint64_t size = 0;  // bytes
  int error = 0;           // errno; EINVAL where it is there and is not a regular file
  std::string reason;      // for people: "No such file or directory", "it is a named pipe, not a file"
};

// To read. Links are followed. Never waits, and opens nothing but regular files.
OpenedFile open_to_read(const std::filesystem::path& path);

// To write: O_WRONLY with `flags`, of which O_CREAT, O_EXCL, O_APPEND and O_TRUNC are meant. A link at the end of the
// path is not followed, so that nobody leads what is written to another file. Never waits.
OpenedFile open_to_write(const std::filesystem::path& path, int flags);

// The same, or an exception, "cannot read PATH: WHY": std::system_error where the system says why, and
// std::runtime_error where it is not a file.
OpenedFile require_to_read(const std::filesystem::path& path);
OpenedFile require_to_write(const std::filesystem::path& path, int flags);

}  // namespace binade::host
