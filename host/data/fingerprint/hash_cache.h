// Caches hashes of files, so that only the first of many runs has to hash a large file.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace binade::host {

// Stays the same as long as a file is not written to. It includes the change time (ctime), which a program cannot set
// back, unlike the modification time.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // ns since 1970

  bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const struct stat& status);

// A text file with one line per hashed file. It belongs to one user, who could also change the data itself. Unreadable
// lines are ignored. One thread at a time.
class HashCache {
 public:
  // Reads `file`, which need not exist. With an empty path, nothing is cached.
  explicit HashCache(std::filesystem::path file);

  std::optional<std::string> find(const std::filesystem::path& path, const FileIdentity& identity) const;
  void put(const std::filesystem::path& path, const FileIdentity& identity, const std::string& sha256);

  // Writes the file if it has changed, creating its folders. Ignores errors, because the cache can be rebuilt.
  void save() noexcept;

 private:
  struct Entry {
    FileIdentity identity;
    std::string sha256;
  };
  std::filesystem::path file_;
  std::map<std::string, Entry> entries_;
  bool changed_ = false;
};

}  // namespace binade::host
