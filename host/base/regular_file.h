// Opens regular files only: refuses pipes, on which the process could block, devices, which may be endless, and, for
// writing, symbolic links.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/descriptor.h"

namespace binade::host {

// An opened file, or the reason why it could not be opened.
struct OpenedFile {
  Descriptor descriptor;   // of a regular file, or not open
  std::uint64_t size = 0;  // bytes
  int error = 0;           // errno; EINVAL if it exists but is not a regular file
  std::string reason;      // for messages: "No such file or directory", "it is a named pipe, not a file"
};

// Opens a file for reading. Follows links. Never blocks.
OpenedFile open_to_read(const std::filesystem::path& path);

// Opens a file for writing, with O_WRONLY and `flags` (O_CREAT, O_EXCL, O_APPEND, O_TRUNC). Does not follow a link at
// the end of the path, so that nobody can redirect the output. Never blocks.
OpenedFile open_to_write(const std::filesystem::path& path, int flags);

// The same, but throw "cannot read PATH: REASON": std::system_error for a system error, std::runtime_error if it is not
// a regular file.
OpenedFile require_to_read(const std::filesystem::path& path);
OpenedFile require_to_write(const std::filesystem::path& path, int flags);

}  // namespace binade::host
