// A whole file in memory, or a failure that names it.
#pragma once

#include <binade/options.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

// Throws binade::Failure, BINADE_NOT_FOUND or BINADE_BAD_DATA, with the system's reason.
inline std::string read_file(const std::filesystem::path& path) {
  const auto fail = [&] {
    const int reason = errno;
    throw binade::Failure(reason == ENOENT ? BINADE_NOT_FOUND : BINADE_BAD_DATA,
                          path.string() + ": cannot be read: " + std::strerror(reason));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) fail();

  std::error_code not_regular;
  const auto expected = std::filesystem::file_size(path, not_regular);
  std::string content;
  std::size_t size = 0;
  do {
    // One byte more than expected: so the end shows in the first call.
    content.resize(size + (not_regular || size > 0 ? std::size_t{1} << 20 : static_cast<std::size_t>(expected) + 1));
    size += std::fread(content.data() + size, 1, content.size() - size, file.get());
    if (std::ferror(file.get()) != 0) fail();
  } while (size == content.size());
  content.resize(size);
  return content;
}
