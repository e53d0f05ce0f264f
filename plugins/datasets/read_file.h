// Reads a whole file into memory.
#pragma once

#include "regular_file.h"

// Throws binade::Failure, BINADE_NOT_FOUND or BINADE_BAD_DATA, with the system's reason.
inline std::string read_file(const std::filesystem::path& path) {
  const RegularFile file(path);
  std::string content;
  std::size_t size = 0;
  for (;;) {
    // Ask for one byte more than expected, so that the second call detects the end.
    if (size == content.size()) content.resize(size + (size > 0 ? std::size_t{1} << 20 : file.size() + 1));
    const auto got = ::read(file.descriptor(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) file.fail(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}
