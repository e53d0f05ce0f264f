// Maps a file's bytes into memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace binade::host {

class MappedFile {
 public:
  // Throws PluginRefused E0301 when it cannot be read, is not a regular file, or is larger than 2 GiB.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace binade::host
